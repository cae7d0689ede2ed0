import type { Field } from "../http/index.js";

/** The requests that a route takes. All conditions that are given must hold. */
export interface RouteMatch {
  /**
   * A canonical host (`a.example`), a wildcard for all names below a domain, at any depth (`*.a.example`), or
   * undefined: every host.
   */
  host?: string | undefined;
  /**
   * `/exact` matches only itself; `/prefix/*` matches `/prefix` and every path below it, at a slash; `/*` matches every
   * path. Characters that a URL does not contain are compared as their percent-encoded UTF-8.
   */
  path: string;
  /** GET includes HEAD. */
  methods?: readonly string[] | undefined;
  /** Lower-case field names, and the value of the only field with that name; `*` is any value. */
  headers?: ReadonlyMap<string, string> | undefined;
  /**
   * Query parameters and their values, after percent-decoding. If a parameter is repeated, each occurrence must have
   * the value, because applications differ in which of them they use. `*` is any value.
   */
  query?: ReadonlyMap<string, string> | undefined;
  /** IP addresses, and networks as `address/bits`. */
  clientIps?: readonly string[] | undefined;
}

/** What routing reads of a request. */
export interface RoutedRequest {
  readonly method: string;
  /** Canonical, without a port. */
  readonly host: string;
  /** Path and query, as received; one character for each byte. */
  readonly path: string;
  /** The visitor's IP address. */
  readonly address: string;
  /** The value of the only field named `name` (lower case), which has the meaning `field`; otherwise empty. */
  fieldValue(name: string, field: Field): string;
}

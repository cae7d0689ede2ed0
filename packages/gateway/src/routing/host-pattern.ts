import { parseAuthority } from "../http/index.js";

/** The hosts of a route. */
export interface HostPattern {
  readonly kind: "exact" | "wildcard" | "any";
  /** The host; for a wildcard, the domain without `*.`; otherwise empty. */
  readonly name: string;
}

const ANY_HOST: HostPattern = { kind: "any", name: "" };

/**
 * Reads the host of a route: `a.example`, `*.a.example`, or undefined for every host.
 * @throws RangeError
 */
export function parseHostPattern(host: string | undefined): HostPattern {
  if (host === undefined) return ANY_HOST;
  const kind = host.startsWith("*.") ? "wildcard" : "exact";
  const name = kind === "wildcard" ? host.slice(2) : host;
  const authority = parseAuthority(name);
  if (authority?.text !== name || authority.port !== "" || (kind === "wildcard" && name.startsWith("["))) {
    throw new RangeError(
      `${JSON.stringify(host)} is not a host in lower case without a port, such as a.example or *.a.example.`,
    );
  }
  return { kind, name };
}

/** The pattern as a route writes it; `*` for every host. */
export function hostText({ kind, name }: HostPattern): string {
  if (kind === "any") return "*";
  return kind === "exact" ? name : `*.${name}`;
}

/** Whether every host of `inner` is a host of `outer`. */
export function coversHost(outer: HostPattern, inner: HostPattern): boolean {
  if (outer.kind === "any") return true;
  if (inner.kind === "any") return false;
  if (outer.kind === "exact") return inner.kind === "exact" && inner.name === outer.name;
  return inner.name.endsWith(`.${outer.name}`) || (inner.kind === "wildcard" && inner.name === outer.name);
}

/** Whether a canonical host is one of the pattern's. */
export function matchesHost({ kind, name }: HostPattern, host: string): boolean {
  if (kind === "any") return true;
  return kind === "exact" ? host === name : host.endsWith(`.${name}`);
}

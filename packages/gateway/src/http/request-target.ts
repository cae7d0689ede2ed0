import { type Authority, parseAuthority } from "./authority.js";

/** A target in absolute form (RFC 9112 3.2.2). */
export interface AbsoluteTarget {
  readonly authority: Authority;
  /** The default port of its scheme. */
  readonly defaultPort: string;
  /** Position of path and query in the target. */
  readonly pathStart: number;
}

const ABSOLUTE = /^(https?):\/\/([^/?]*)/i;

/** Reads a target in absolute form; undefined when it is not one, or not an http or https address. */
export function parseAbsoluteTarget(target: string): AbsoluteTarget | undefined {
  const match = ABSOLUTE.exec(target);
  if (match === null) return undefined;
  const [all, scheme = "", named = ""] = match;
  const authority = parseAuthority(named);
  if (authority === undefined) return undefined;
  return { authority, defaultPort: scheme.toLowerCase() === "http" ? "80" : "443", pathStart: all.length };
}

/** Whether two authorities are the same, with `defaultPort` where one has no port. */
export function samePlace(one: Authority, other: Authority, defaultPort: string): boolean {
  return one.host === other.host && (one.port || defaultPort) === (other.port || defaultPort);
}

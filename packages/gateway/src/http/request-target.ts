import { type Authority, parseAuthority } from "./authority.js";

/** What a target in absolute form says (RFC 9112 3.2.2). */
export interface AbsoluteTarget {
  readonly authority: Authority;
  /** The port that its scheme means when none is named. */
  readonly defaultPort: string;
  /** Where in the target path and query begin. */
  readonly pathStart: number;
}

const ABSOLUTE = /^(https?):\/\/([^/?]*)/i;

/** Reads a target in absolute form; undefined when it is none, or no http or https address. */
export function parseAbsoluteTarget(target: string): AbsoluteTarget | undefined {
  const match = ABSOLUTE.exec(target);
  if (match === null) return undefined;
  const [all, scheme = "", named = ""] = match;
  const authority = parseAuthority(named);
  if (authority === undefined) return undefined;
  return { authority, defaultPort: scheme.toLowerCase() === "http" ? "80" : "443", pathStart: all.length };
}

/** Whether two authorities are the same place, with `defaultPort` where none is named. */
export function samePlace(one: Authority, other: Authority, defaultPort: string): boolean {
  return one.host === other.host && (one.port || defaultPort) === (other.port || defaultPort);
}

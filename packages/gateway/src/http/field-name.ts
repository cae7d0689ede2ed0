import { DASH, FOLD } from "./octet.js";

/** The meaning of a field name. Small numbers, so that a set of them fits into the bits of one number. */
export const Field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  keepAlive: 6,
  expect: 7,
  accept: 8,
  /** Applies to one connection only, or belongs to the proxy. It is dropped. */
  hopByHop: 9,
  /**
   * Names the visitor, or the address that it requested, for software behind a proxy. Only the gateway and trusted
   * proxies write it.
   */
  identity: 10,
  /**
   * One of the above in another spelling (`Content_Length`), which some origins read as the real field. It is dropped.
   */
  lookalike: 11,
  /** TE: applies to one connection only; the gateway writes its own. */
  te: 12,
  /** In a response. Passed on, except for a cookie that other tunnels would receive. */
  setCookie: 13,
  /** CDN-Loop: the gateways that a request has passed. Passed on; Connection cannot remove it. */
  cdnLoop: 14,
  /** Max-Forwards: how many proxies an OPTIONS request may pass. */
  maxForwards: 15,
  /** Date. Passed on, and added to responses without it. */
  date: 16,
  /** In a request: a condition, or a Range. Passed on; the gateway's own files obey it. */
  condition: 17,
  /** Accept-Encoding. Passed on; the gateway's own files obey it. */
  acceptEncoding: 18,
  /** Cookie. Passed on, without those of the gateway itself. */
  cookie: 19,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

/** A set of meanings: one bit each. */
export function fieldSet(...fields: Field[]): number {
  return fields.reduce<number>((set, field) => set | (1 << field), 0);
}

/** Fields of a request that are dropped on its way to the origin, or written again. */
export const NOT_FORWARDED = fieldSet(
  Field.contentLength,
  Field.transferEncoding,
  Field.connection,
  Field.upgrade,
  Field.keepAlive,
  Field.expect,
  Field.hopByHop,
  Field.identity,
  Field.lookalike,
  Field.te,
);

/** Fields of a response that are dropped on its way to the visitor, or written again. */
export const NOT_RETURNED = fieldSet(
  Field.contentLength,
  Field.transferEncoding,
  Field.connection,
  Field.upgrade,
  Field.keepAlive,
  Field.hopByHop,
  Field.lookalike,
  Field.te,
);

/** Fields of a request that the gateway passes on, and that a step may set or remove. */
export const CLAIMABLE = fieldSet(Field.other, Field.cookie, Field.accept, Field.acceptEncoding, Field.condition);

interface KnownName {
  readonly name: string;
  readonly field: Field;
}

const NAMES: readonly KnownName[] = [
  { name: "host", field: Field.host },
  { name: "content-length", field: Field.contentLength },
  { name: "transfer-encoding", field: Field.transferEncoding },
  { name: "connection", field: Field.connection },
  { name: "upgrade", field: Field.upgrade },
  { name: "keep-alive", field: Field.keepAlive },
  { name: "expect", field: Field.expect },
  { name: "accept", field: Field.accept },
  { name: "te", field: Field.te },
  { name: "date", field: Field.date },
  { name: "set-cookie", field: Field.setCookie },
  { name: "cdn-loop", field: Field.cdnLoop },
  { name: "max-forwards", field: Field.maxForwards },
  { name: "range", field: Field.condition },
  { name: "if-range", field: Field.condition },
  { name: "if-match", field: Field.condition },
  { name: "if-none-match", field: Field.condition },
  { name: "if-modified-since", field: Field.condition },
  { name: "if-unmodified-since", field: Field.condition },
  { name: "accept-encoding", field: Field.acceptEncoding },
  { name: "cookie", field: Field.cookie },
  { name: "http2-settings", field: Field.hopByHop },
  { name: "proxy-connection", field: Field.hopByHop },
  { name: "proxy-authenticate", field: Field.hopByHop },
  { name: "proxy-authentication-info", field: Field.hopByHop },
  { name: "proxy-authorization", field: Field.hopByHop },
  // CGI programs read it as HTTP_PROXY, and send their own requests to that address.
  { name: "proxy", field: Field.hopByHop },
  { name: "forwarded", field: Field.identity },
  { name: "forwarded-for", field: Field.identity },
  { name: "x-forwarded", field: Field.identity },
  { name: "x-real-ip", field: Field.identity },
  { name: "x-request-id", field: Field.identity },
  // The same from CDNs and load balancers. Frameworks take the visitor's address, or the path, from them.
  { name: "true-client-ip", field: Field.identity },
  { name: "cf-connecting-ip", field: Field.identity },
  { name: "cf-connecting-ipv6", field: Field.identity },
  { name: "cf-pseudo-ipv4", field: Field.identity },
  { name: "fastly-client-ip", field: Field.identity },
  { name: "x-appengine-user-ip", field: Field.identity },
  { name: "x-client-ip", field: Field.identity },
  { name: "x-cluster-client-ip", field: Field.identity },
  { name: "x-original-forwarded-for", field: Field.identity },
  { name: "x-original-url", field: Field.identity },
  { name: "x-rewrite-url", field: Field.identity },
];

/** Names with this prefix are identity fields too. */
const IDENTITY_PREFIX = "x-forwarded-";

const LONGEST = Math.max(...NAMES.map(({ name }) => name.length));

/** Known names by length and first letter. Nearly every other name is excluded without reading its second byte. */
const BY_SHAPE: readonly (readonly KnownName[])[] = Array.from({ length: (LONGEST + 1) << 5 }, (_, wanted) =>
  NAMES.filter(({ name }) => shape(name.length, name.charCodeAt(0)) === wanted),
);

/** The meaning of the valid field name in `bytes` from `start` to `end`. */
export function identify(bytes: Buffer, start: number, end: number): Field {
  const length = end - start;
  const first = FOLD[bytes[start]!]!;
  if (length <= LONGEST) {
    const candidates = BY_SHAPE[shape(length, first)]!;
    for (let n = 0; n < candidates.length; n++) {
      const { name, field } = candidates[n]!;
      const found = compare(bytes, start, name);
      if (found !== Likeness.none) return found === Likeness.same ? field : Field.lookalike;
    }
  }
  const prefixed =
    first === X && length >= IDENTITY_PREFIX.length && compare(bytes, start, IDENTITY_PREFIX) !== Likeness.none;
  return prefixed ? Field.identity : Field.other;
}

const X = "x".charCodeAt(0);

/** The name of a field in lower case. @throws RangeError if it is not valid */
export function headerName(given: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(given)) return given.toLowerCase();
  throw new RangeError(`${JSON.stringify(given)} is not a header name.`);
}

/** The meaning of a valid field name. */
export function meaningOf(name: string): Field {
  return identify(Buffer.from(name), 0, name.length);
}

/** How the valid field name in `bytes` from `start` to `end` relates to `name` (lower case). */
export function likeness(bytes: Buffer, start: number, end: number, name: string): Likeness {
  return end - start === name.length ? compare(bytes, start, name) : Likeness.none;
}

function shape(length: number, first: number): number {
  return (length << 5) | (first & 31);
}

export const Likeness = { none: 0, folded: 1, same: 2 } as const;
export type Likeness = (typeof Likeness)[keyof typeof Likeness];

/**
 * Compares the bytes at `start` with a lower-case name. Differences in case are ignored; a different character in place
 * of a dash is reported.
 */
function compare(bytes: Buffer, start: number, name: string): Likeness {
  let found: Likeness = Likeness.same;
  for (let n = 0; n < name.length; n++) {
    const byte = bytes[start + n]!;
    const expected = name.charCodeAt(n);
    if (byte === expected) continue;
    if (FOLD[byte] !== expected) return Likeness.none;
    if (expected === DASH) found = Likeness.folded;
  }
  return found;
}

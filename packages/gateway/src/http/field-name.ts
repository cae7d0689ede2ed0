import { DASH, FOLD } from "./octet.js";

/** What a field name means to the gateway. Small numbers, so that a set of them fits the bits of one. */
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
  /** Concerns one connection only, or belongs to the proxy: goes no further. */
  hopByHop: 9,
  /** Who the visitor is: only we say that, to origins. */
  identity: 10,
  /** Changes how a message is read or who may send it: fine in a head, dropped from trailers (RFC 9110 6.5.1). */
  control: 11,
  /** One of the above in another spelling (`Content_Length`), which some origins take for the real one: dropped. */
  lookalike: 12,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

/** A set of meanings, as `gather` takes it. */
export function fieldSet(...fields: Field[]): number {
  return fields.reduce<number>((set, field) => set | (1 << field), 0);
}

const NAMES: readonly (readonly [Field, readonly string[]])[] = [
  [Field.host, ["host"]],
  [Field.contentLength, ["content-length"]],
  [Field.transferEncoding, ["transfer-encoding"]],
  [Field.connection, ["connection"]],
  [Field.upgrade, ["upgrade"]],
  [Field.keepAlive, ["keep-alive"]],
  [Field.expect, ["expect"]],
  [Field.accept, ["accept"]],
  [
    Field.hopByHop,
    // `Proxy` becomes the variable HTTP_PROXY in CGI programs, and diverts their own requests.
    [
      "te",
      "proxy-connection",
      "proxy-authenticate",
      "proxy-authorization",
      "proxy-authentication-info",
      "http2-settings",
      "proxy",
    ],
  ],
  [Field.identity, ["forwarded", "x-forwarded", "x-real-ip", "x-request-id"]],
  [
    Field.control,
    // prettier-ignore
    [
      "authorization", "cookie", "set-cookie", "www-authenticate", "age", "cache-control", "expires", "date", "location", "retry-after",
      "vary", "warning", "max-forwards", "pragma", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
      "if-range", "content-encoding", "content-type", "content-range", "trailer",
    ],
  ],
];

/** Names that begin so are identity fields too, whatever follows. */
const IDENTITY_PREFIX = "x-forwarded-";

interface KnownName {
  readonly name: string;
  readonly field: Field;
}

const LONGEST = Math.max(...NAMES.flatMap(([, names]) => names.map((name) => name.length)));

/** Known names by length and first letter: nearly every other name is told apart without looking at a second byte. */
const BY_SHAPE: readonly (readonly KnownName[])[] = (() => {
  const shapes: KnownName[][] = Array.from({ length: (LONGEST + 1) * 32 }, () => []);
  for (const [field, names] of NAMES) {
    for (const name of names) shapes[shape(name.length, name.charCodeAt(0))]!.push({ name, field });
  }
  return shapes;
})();

const X = "x".charCodeAt(0);

/** What the valid field name in `bytes` from `start` to `end` means. */
export function identify(bytes: Buffer, start: number, end: number): Field {
  const length = end - start;
  const first = FOLD[bytes[start]!]!;
  if (length <= LONGEST) {
    const candidates = BY_SHAPE[shape(length, first)]!;
    for (let n = 0; n < candidates.length; n++) {
      const known = candidates[n]!;
      if (foldsTo(bytes, start, known.name)) return spelled(bytes, start, known);
    }
  }
  if (first !== X || length < IDENTITY_PREFIX.length || !foldsTo(bytes, start, IDENTITY_PREFIX)) return Field.other;
  return Field.identity;
}

function shape(length: number, first: number): number {
  return (length << 5) | (first & 31);
}

function foldsTo(bytes: Buffer, start: number, name: string): boolean {
  for (let n = 0; n < name.length; n++) if (FOLD[bytes[start + n]!] !== name.charCodeAt(n)) return false;
  return true;
}

function spelled(bytes: Buffer, start: number, known: KnownName): Field {
  const { name } = known;
  for (let n = 0; n < name.length; n++) {
    if (name.charCodeAt(n) === DASH && bytes[start + n] !== DASH) return Field.lookalike;
  }
  return known.field;
}

import fc from "fast-check";

/** Messages as visitors and origins send them, well-formed or nearly well-formed, for property tests and the fuzzer. */

const often = <T>(usual: T, ...unusual: T[]): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 8 }, { arbitrary: fc.constantFrom(...unusual), weight: 2 });

/** Lines that affect how a reader of HTTP interprets a message. */
const FIELDS = [
  "Accept: text/html",
  "accept:*/*",
  "Content-Length: 5",
  "content-length: 0",
  "Content-Length: 12",
  "Content-Length: 5, 5",
  "Content_Length: 9",
  "Transfer-Encoding: chunked",
  "transfer-encoding:\tCHUNKED ",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: identity",
  "Transfer_Encoding: chunked",
  "Connection: close",
  "Connection: keep-alive",
  "connection: Upgrade, Foo",
  "Connection: host, content-length, foo, x-forwarded-for",
  "Keep-Alive: timeout=5",
  "Upgrade: websocket",
  "Upgrade: h2c",
  "Upgrade: foo/1, bar",
  "Upgrade: H2C,, Foo/1 ,TLS/1.0\t, bar",
  "HTTP2-Settings: AAMAAABk",
  "Connection: Upgrade, HTTP2-Settings",
  "Expect: 100-continue",
  "Expect: 100-Continue",
  "Foo: 1",
  "foo: ",
  "Foo-Bar:x\t",
  "Cookie: a=b; c=d",
  "X-Forwarded-For: 6.6.6.6",
  "X_Forwarded_Proto: https",
  "x-forwarded: a",
  "Forwarded: for=6.6.6.6",
  "X.Real.IP: 6.6.6.6",
  "X-Request-ID: theirs",
  "True-Client-IP: 6.6.6.6",
  "cf_connecting_ip: 6.6.6.6",
  "X-Rewrite-URL: /admin",
  "CDN-Loop: a, b; c=1",
  "cdn_loop: a",
  "Max-Forwards: 3",
  "max-forwards: 0",
  "Max_Forwards: 2",
  "Connection: max-forwards, cdn-loop",
  "Proxy-Connection: keep-alive",
  "Proxy: evil",
  "TE: trailers",
  "te: gzip ; q=0.5, Trailers",
  'TE: x;a=", trailers, "',
  "Connection: TE",
  "High: \x80\xff",
  "Host: b",
  "Set-Cookie: a=b",
  "Set-Cookie: c=d",
  "Trailer: X",
  "Date: Sun, 22 Nov 2026 22:03:00 GMT",
];

/** The same with flaws. */
const FLAWED_FIELDS = [
  "Content-Length: 5",
  "Content-Length: 5",
  "Content-Length: 5,5",
  "Content-Length : 5",
  "Content-Length:\r\n 5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding\t: chunked",
  "Transfer-Encoding: \x0bchunked",
  "Connection : foo",
  "Foo :1",
  "Foo: 1\x01",
  "Foo: 1 \n\t2",
  " folded",
  "\t \x7f",
  " ",
  "Foo",
  ": 1",
  "Foo: \0",
];

/** Text on which readers disagree. It is inserted into a message, or replaces a part of it. */
// prettier-ignore
const MISCHIEF = [
  "\r", "\n", "\t", "\0", "\x7f", "\x80", "\xa0", "\x0b", " ", ":", ";", ",", "_", "+", "-", ".", "0", "#", "/", "?", "*", '"', "@", "[", "]",
  "\r\n",
  "\r\n\r\n",
  "\r\n ",
  " :",
  "\r\nHost: b",
  "\r\nContent-Length: 5",
  "\r\nTransfer-Encoding: chunked",
  "\r\nX-Real-IP: 6.6.6.6",
  "chunked",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/1.10",
  "http://a",
  "%00",
  "ffffffffffffffff",
  "0\r\n\r\n",
];

const mutation = fc.record({
  at: fc.nat(400),
  remove: often(0, 1, 2, 5, 20),
  insert: fc.oneof(fc.constantFrom(...MISCHIEF), fc.constantFrom(...FIELDS), fc.constant("")),
});

/** A message with up to three places changed. */
export function mutated(messages: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const mutations = fc.array(mutation, { maxLength: 3 });
  return fc.tuple(messages, mutations).map(([message, changes]) => {
    let text = message;
    for (const { at, remove, insert } of changes) {
      const position = at % (text.length + 1);
      text = text.slice(0, position) + insert + text.slice(position + remove);
    }
    return text;
  });
}

const fields = fc.array(fc.constantFrom(...FIELDS), { maxLength: 6 });

export const requests: fc.Arbitrary<string> = fc
  .record({
    before: often("", "\r\n", "\r\n\r\n"),
    method: often("GET", "POST", "HEAD", "PUT", "OPTIONS", "PATCH", "REPORT", "TRACE", "get"),
    target: often("/", "/a?b=%2F", "*", "http://a/x", "http://a", "http://a:?q", "https://a:443?q", "//a", "a:80"),
    version: often("HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0"),
    host: often(
      "Host: a",
      "host:\ta ",
      "Host: A.:80",
      "Host: a:",
      "Host: [::1]:80",
      "Host: [0::1]:",
      "Host:",
      "Foo: 2",
    ),
    fields,
    hostLast: fc.boolean(),
  })
  .map(({ before, method, target, version, host, fields: more, hostLast }) => {
    const lines = hostLast ? [...more, host] : [host, ...more];
    return `${before}${[`${method} ${target} ${version}`, ...lines].join("\r\n")}\r\n\r\n`;
  });

export const responses: fc.Arbitrary<string> = fc
  .record({
    line: often(
      "HTTP/1.1 200 OK",
      "HTTP/1.0 200 OK",
      "HTTP/1.1 204 No Content",
      "HTTP/1.1 304 Not Modified",
      "HTTP/1.1 404 ",
      "HTTP/1.1 500",
      "HTTP/1.1 101 Switching Protocols",
      "HTTP/1.1 103 Early Hints",
    ),
    fields,
  })
  .map(({ line, fields: more }) => `${[line, ...more].join("\r\n")}\r\n\r\n`);

/** Responses with flaws, most of which can be repaired. */
export const flawedResponses: fc.Arbitrary<string> = fc
  .record({
    line: often("HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 404", "HTTP/1.1 204 No Content", "HTTP/1.2 700 "),
    fields: fc.array(
      fc.record({ text: fc.constantFrom(...FIELDS, ...FLAWED_FIELDS), end: often("\r\n", "\n", "\r") }),
      {
        maxLength: 6,
      },
    ),
    end: often("\r\n", "\n"),
  })
  .map(({ line, fields: more, end }) => line + end + more.map((field) => field.text + field.end).join("") + end);

/** A chunked body, its content, and the trailers that are passed on. */
export interface ChunkedBody {
  message: string;
  data: string;
  /** The body in its canonical form. */
  passed: string;
  /** Where the last chunk begins in it. */
  lastChunk: number;
}

const chunk = fc.record({
  data: fc.string({ unit: fc.constantFrom("\r", "\n", "0", "a", ";"), minLength: 1, maxLength: 40 }),
  zeros: fc.nat(3),
  extension: often("", ";a", ';a="b"', " ;a", "\t \t; a = b"),
});

const TRAILERS = ["A: 1", "B:", "Host: b", "Content-Length: 5", "X_Real_IP: 6.6.6.6"];

export const chunkedBodies: fc.Arbitrary<ChunkedBody> = fc
  .record({
    chunks: fc.array(chunk, { maxLength: 5 }),
    trailers: fc.array(fc.constantFrom(...TRAILERS), { maxLength: 3 }),
  })
  .map(({ chunks, trailers }) => {
    const written = chunks.map(({ data, zeros, extension }) => {
      const size = data.length.toString(16);
      return { sent: `${"0".repeat(zeros)}${size}${extension}\r\n${data}\r\n`, passed: `${size}\r\n${data}\r\n` };
    });
    const end = (lines: string[]): string => `0\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
    const passed = written.map((part) => part.passed).join("");
    return {
      message: written.map(({ sent }) => sent).join("") + end(trailers),
      data: chunks.map(({ data }) => data).join(""),
      passed: passed + end(trailers.filter((line) => /^[AB]:/.test(line))),
      lastChunk: passed.length,
    };
  });

/** Positions at which to cut a message into pieces. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(300), { maxLength: 12 });

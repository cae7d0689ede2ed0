import { get, head } from "./message.suite.js";

/** A request that may not pass, and why. */
export interface RefusedRequest {
  name: string;
  message: string;
  code: string;
  status: number;
  /** How many of its bytes must be there for the refusal. Default: all. */
  after?: number;
}

function refusal(status: number, code: string, name: string, message: string, after = message.length): RefusedRequest {
  return { name, message, code, status, after };
}

const LINE = "GET / HTTP/1.1\r\n";
const LINE_HOST = `${LINE}Host: a\r\n`;

export const refused: readonly RefusedRequest[] = [
  // The request line, each as soon as it can be seen
  refusal(400, "PN_HTTP_TLS", "a TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 1),
  refusal(400, "PN_HTTP_REQUEST_LINE", "binary", "\x00\x01\x02", 1),
  refusal(400, "PN_HTTP_REQUEST_LINE", "a space first", " GET / HTTP/1.1", 1),
  refusal(400, "PN_HTTP_REQUEST_LINE", "two empty lines before", `\r\n\r\n${get()}`, 3),
  refusal(400, "PN_HTTP_LINE_END", "a bare LF before", `\n${get()}`, 1),
  refusal(400, "PN_HTTP_LINE_END", "a bare CR before", `\rG`, 2),
  refusal(400, "PN_HTTP_REQUEST_LINE", "no target", "GET\r\n", 4),
  refusal(400, "PN_HTTP_REQUEST_LINE", "two spaces before the target", "GET  / HTTP/1.1", 5),
  refusal(400, "PN_HTTP_REQUEST_LINE", "two spaces after the target", "GET /  HTTP/1.1", 7),
  refusal(400, "PN_HTTP_REQUEST_LINE", "HTTP/0.9", "GET /\r\n", 6),
  refusal(400, "PN_HTTP_LINE_END", "HTTP/0.9 and a bare LF", "GET /\n", 6),
  refusal(400, "PN_HTTP_TARGET", "a tab in place of a space", "GET /\tHTTP/1.1", 6),
  refusal(400, "PN_HTTP_REQUEST_LINE", "a tab after the method", "GET\t/ HTTP/1.1", 4),
  refusal(400, "PN_HTTP_TARGET", "a target without a slash", "GET x HTTP/1.1", 5),
  refusal(400, "PN_HTTP_TARGET", "a fragment", "GET /#x HTTP/1.1", 6),
  refusal(400, "PN_HTTP_TARGET", "a control byte in the target", "GET /\x00 HTTP/1.1", 6),
  refusal(400, "PN_HTTP_TARGET", "DEL in the target", "GET /\x7f HTTP/1.1", 6),
  refusal(400, "PN_HTTP_TARGET", "a high byte in the target", "GET /\xc3\xa4 HTTP/1.1", 6),
  refusal(400, "PN_HTTP_TARGET", "asterisk form of GET", head("GET * HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_TARGET", "more after the asterisk", head("OPTIONS *x HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_TARGET", "authority form", head("GET host:80 HTTP/1.1", "Host: host:80")),
  refusal(400, "PN_HTTP_TARGET", "another scheme", head("GET hxxp://a/ HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_TARGET", "user information", head("GET http://u@a/ HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_TARGET", "a backslash in the authority", head("GET http://a\\b/ HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_TARGET", "no authority", head("GET http:///x HTTP/1.1", "Host: a")),
  refusal(501, "PN_HTTP_METHOD", "CONNECT", "CONNECT a:443 HTTP/1.1", 8),
  refusal(501, "PN_HTTP_METHOD", "TRACE", "TRACE / HTTP/1.1", 6),
  refusal(501, "PN_HTTP_METHOD", "lower case", "head / HTTP/1.1", 1),
  refusal(501, "PN_HTTP_METHOD", "mixed case", "Trace / HTTP/1.1", 2),
  refusal(501, "PN_HTTP_METHOD", "a method without end", "A".repeat(33), 33),
  refusal(505, "PN_HTTP_VERSION", "HTTP/2", "GET / HTTP/2.0\r\n", 12),
  refusal(505, "PN_HTTP_VERSION", "HTTP/2 by its preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 12),
  refusal(505, "PN_HTTP_VERSION", "HTTP/1.2", "GET / HTTP/1.2\r\n", 14),
  refusal(505, "PN_HTTP_VERSION", "HTTP/0.9 by name", "GET / HTTP/0.9\r\n", 12),
  refusal(400, "PN_HTTP_REQUEST_LINE", "HTTP/1.10", "GET / HTTP/1.10\r\n", 15),
  refusal(400, "PN_HTTP_REQUEST_LINE", "a version in lower case", "GET / http/1.1\r\n", 7),
  refusal(400, "PN_HTTP_REQUEST_LINE", "another protocol", "GET / HTTPS/1.1\r\n", 11),
  refusal(400, "PN_HTTP_REQUEST_LINE", "a space after the version", "GET / HTTP/1.1 \r\n", 15),
  refusal(400, "PN_HTTP_LINE_END", "a bare LF after the version", "GET / HTTP/1.1\n", 15),
  refusal(400, "PN_HTTP_LINE_END", "a bare CR after the version", "GET / HTTP/1.1\rH", 16),

  // Field lines
  refusal(400, "PN_HTTP_FOLDED", "white space first", `${LINE} Host: a\r\n`, LINE.length + 1),
  refusal(400, "PN_HTTP_FOLDED", "a folded line", `${LINE_HOST}B: 1\r\n\t2\r\n\r\n`, LINE_HOST.length + 7),
  refusal(400, "PN_HTTP_FIELD_NAME", "a space before the colon", `${LINE}Host : a\r\n`, LINE.length + 5),
  refusal(400, "PN_HTTP_FIELD_NAME", "no name", `${LINE}: a\r\n`, LINE.length + 1),
  refusal(400, "PN_HTTP_FIELD_NAME", "a space within the name", `${LINE}Ho st: a\r\n`, LINE.length + 3),
  refusal(400, "PN_HTTP_FIELD_NAME", "a control byte in the name", `${LINE}Ho\x00st: a\r\n`, LINE.length + 3),
  refusal(400, "PN_HTTP_FIELD_NAME", "a high byte in the name", `${LINE}H\xf6st: a\r\n`, LINE.length + 2),
  refusal(400, "PN_HTTP_FIELD_NAME", "a bracket in the name", `${LINE}Host[]: a\r\n`, LINE.length + 5),
  refusal(400, "PN_HTTP_LINE_END", "no colon", `${LINE}Host\r\n`, LINE.length + 5),
  refusal(400, "PN_HTTP_FIELD_VALUE", "NUL in a value", `${LINE}Host: a\x00\r\n`, LINE.length + 8),
  refusal(400, "PN_HTTP_FIELD_VALUE", "DEL in a value", `${LINE}Host: a\x7f\r\n`, LINE.length + 8),
  refusal(400, "PN_HTTP_FIELD_VALUE", "a vertical tab in a value", `${LINE}B: a\x0bb\r\n`, LINE.length + 5),
  refusal(400, "PN_HTTP_LINE_END", "a bare LF after a value", `${LINE}Host: a\n`, LINE.length + 8),
  refusal(400, "PN_HTTP_LINE_END", "a bare CR in a value", `${LINE}Host: a\rb\r\n`, LINE.length + 9),
  refusal(400, "PN_HTTP_LINE_END", "CR CR LF", `${LINE}Host: a\r\r\n`, LINE.length + 9),
  refusal(400, "PN_HTTP_LINE_END", "a bare LF as the last line", `${LINE_HOST}\n`, LINE_HOST.length + 1),
  refusal(400, "PN_HTTP_LINE_END", "a bare CR as the last line", `${LINE_HOST}\rG`, LINE_HOST.length + 2),

  // Host
  refusal(400, "PN_HTTP_HOST_MISSING", "no Host", head("GET / HTTP/1.1", "B: 1")),
  refusal(400, "PN_HTTP_HOST_MISSING", "no field at all", head("GET / HTTP/1.1")),
  refusal(400, "PN_HTTP_HOST_REPEATED", "two hosts", get("Host: b")),
  refusal(400, "PN_HTTP_HOST_REPEATED", "the same host twice", get("host: a")),
  refusal(400, "PN_HTTP_HOST_REPEATED", "two hosts in HTTP/1.0", head("GET / HTTP/1.0", "Host: a", "Host: b")),
  ...[
    "",
    ".",
    "a..b",
    ".a",
    "a b",
    "a,b",
    "a/b",
    "a\\b",
    "u@a",
    "a#",
    "a?",
    "a%2e",
    "a\xb7",
    "a\xe3\x80\x82b",
    "a:",
    "a:x",
    "a:0",
    "a:65536",
    "a:1:2",
    "a: 1",
    "::1",
    "[::1",
    "[::1]x",
    "[::g]",
    "[::1%25eth0]",
    "[1.2.3.4]",
    "[]",
    `${"a".repeat(60)}.`.repeat(5),
  ].map((host) => refusal(400, "PN_HTTP_HOST", `Host: ${host}`, head("GET / HTTP/1.1", `Host: ${host}`))),
  refusal(400, "PN_HTTP_HOST_MISMATCH", "another host in absolute form", head("GET http://b/ HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_HOST_MISMATCH", "another port", head("GET http://a:81/ HTTP/1.1", "Host: a")),
  refusal(400, "PN_HTTP_HOST_MISMATCH", "the port of another scheme", head("GET https://a/ HTTP/1.1", "Host: a:80")),
  refusal(400, "PN_HTTP_HOST_MISMATCH", "absolute form without Host", head("GET http://a/ HTTP/1.0")),

  // Framing
  ...[
    "",
    "+5",
    "-5",
    "5, 5",
    "5,5",
    "5 5",
    "0x5",
    "5.0",
    "5e1",
    "five",
    "9007199254740992",
    "00000000000000005",
    '"5"',
  ].map((length) =>
    refusal(400, "PN_HTTP_CONTENT_LENGTH", `Content-Length: ${length}`, get(`Content-Length: ${length}`)),
  ),
  refusal(400, "PN_HTTP_CONTENT_LENGTH", "two lengths", get("Content-Length: 5", "Content-Length: 6")),
  refusal(400, "PN_HTTP_CONTENT_LENGTH", "the same length twice", get("Content-Length: 5", "content-length: 5")),
  refusal(400, "PN_HTTP_FRAMING", "length and chunks", get("Content-Length: 5", "Transfer-Encoding: chunked")),
  refusal(400, "PN_HTTP_FRAMING", "chunks and length", get("Transfer-Encoding: chunked", "Content-Length: 0")),
  refusal(400, "PN_HTTP_FRAMING", "length and another coding", get("Content-Length: 5", "Transfer-Encoding: x")),
  ...[
    "",
    ",",
    "chunked,",
    ", chunked",
    "chunked, chunked",
    "chunked, gzip",
    "chunked;q=1",
    "chunked x",
    '"chunked"',
    "chun\tked",
  ].map((coding) => refusal(400, "PN_HTTP_TRANSFER_ENCODING", `coding ${coding}`, get(`Transfer-Encoding: ${coding}`))),
  ...["gzip", "identity", "gzip, chunked", "xchunked", "chunke", "chunked-"].map((coding) =>
    refusal(501, "PN_HTTP_CODING", `coding ${coding}`, get(`Transfer-Encoding: ${coding}`)),
  ),
  refusal(
    400,
    "PN_HTTP_TRANSFER_ENCODING",
    "chunked in two lines",
    get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
  ),
  refusal(
    400,
    "PN_HTTP_TRANSFER_ENCODING",
    "a coding in HTTP/1.0",
    head("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"),
  ),

  // Connection, Upgrade, Expect
  refusal(400, "PN_HTTP_CONNECTION", "a malformed Connection", get("Connection: keep alive")),
  refusal(400, "PN_HTTP_CONNECTION", "a white space that HTTP does not know", get("Connection: close\xa0")),
  refusal(400, "PN_HTTP_CONNECTION", "too many options", get(`Connection: ${"a,".repeat(33)}`)),
  refusal(400, "PN_HTTP_UPGRADE", "a malformed Upgrade", get("Connection: upgrade", "Upgrade: web socket")),
  refusal(400, "PN_HTTP_UPGRADE", "an empty Upgrade", get("Connection: upgrade", "Upgrade:")),
  refusal(400, "PN_HTTP_UPGRADE", "two Upgrade lines", get("Upgrade: websocket", "Upgrade: h2c")),
  ...["h2c", "H2C", "websocket, h2c", "h2c/1", "h2", "HTTP/2.0"].map((protocol) =>
    refusal(501, "PN_HTTP_H2C", `Upgrade: ${protocol}`, get("Connection: Upgrade", `Upgrade: ${protocol}`)),
  ),
  refusal(417, "PN_HTTP_EXPECTATION", "another expectation", get("Expect: 200-ok")),
  refusal(417, "PN_HTTP_EXPECTATION", "two expectations", get("Expect: 100-continue", "Expect: 100-continue")),
  refusal(417, "PN_HTTP_EXPECTATION", "a list of expectations", get("Expect: 100-continue, x")),

  // Limits
  refusal(414, "PN_HTTP_REQUEST_LINE_TOO_LONG", "a long target", `GET /${"x".repeat(17_000)}`, 16_384),
  refusal(431, "PN_HTTP_HEAD_TOO_LARGE", "a long value", `${LINE}B: ${"x".repeat(17_000)}`, 16_384),
  refusal(
    431,
    "PN_HTTP_HEAD_TOO_LARGE",
    "101 fields",
    `${LINE_HOST}${"B: 1\r\n".repeat(100)}`,
    LINE_HOST.length + 100 * 6,
  ),
];

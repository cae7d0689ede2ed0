import { get, head } from "./message.suite.js";

/** A request as it may come, and what becomes of it. */
export interface AcceptedRequest {
  name: string;
  message: string;
  /** What the origin gets, with OURS as identity lines. */
  forwarded: string;
  /** Where the head says something else than a plain GET of `/` on host `a`. */
  says?: Partial<Meaning>;
}

/** Everything a request head says. */
export interface Meaning {
  method: string;
  path: string;
  versionMinor: number;
  host: string;
  authority: string;
  contentLength: number;
  chunked: boolean;
  keepAlive: boolean;
  upgrade: string;
  expectContinue: boolean;
  accept: string;
}

export const PLAIN: Meaning = {
  method: "GET",
  path: "/",
  versionMinor: 1,
  host: "a",
  authority: "a",
  contentLength: -1,
  chunked: false,
  keepAlive: true,
  upgrade: "",
  expectContinue: false,
  accept: "",
};

export const OURS = "X-Forwarded-For: 192.0.2.1\r\nX-Request-Id: ours\r\n";

/** A head as the origin gets it. */
function passed(...lines: string[]): string {
  return `${lines.map((line) => `${line}\r\n`).join("")}${OURS}\r\n`;
}

function passedGet(...fields: string[]): string {
  return passed("GET / HTTP/1.1", "Host: a", ...fields);
}

const ODD_PATH = "/%2f%5C..//./%00;a=\\|?b=%2F?c<>\"{}^`[]~!$&'()*+,@:";

const websocket = ["Connection: Upgrade", "Upgrade: websocket"];

export const accepted: readonly AcceptedRequest[] = [
  { name: "the least there is", message: get(), forwarded: passedGet() },
  { name: "one empty line before", message: `\r\n${get()}`, forwarded: passedGet() },
  {
    name: "end-to-end fields as they are: order, repeats, white space, high bytes, no value",
    message: get("B:2", "a: \t1 \t", "B: \x80\xff", "Empty:", "Tab: a\tb"),
    forwarded: passedGet("B:2", "a: \t1 \t", "B: \x80\xff", "Empty:", "Tab: a\tb"),
  },
  {
    name: "path and query byte for byte",
    message: head(`GET ${ODD_PATH} HTTP/1.1`, "Host: a"),
    forwarded: passed(`GET ${ODD_PATH} HTTP/1.1`, "Host: a"),
    says: { path: ODD_PATH },
  },
  {
    name: "a method of WebDAV",
    message: head("VERSION-CONTROL / HTTP/1.1", "Host: a"),
    forwarded: passed("VERSION-CONTROL / HTTP/1.1", "Host: a"),
    says: { method: "VERSION-CONTROL" },
  },

  // Host
  {
    name: "Host in another form",
    message: head("GET / HTTP/1.1", "B: 2", "HOST: My-App.Example.COM.:08080"),
    forwarded: passed("GET / HTTP/1.1", "Host: my-app.example.com:8080", "B: 2"),
    says: { host: "my-app.example.com", authority: "my-app.example.com:8080" },
  },
  {
    name: "Host with a port, last",
    message: head("GET / HTTP/1.1", "B: 2", "host:a:80"),
    forwarded: passed("GET / HTTP/1.1", "B: 2", "host:a:80"),
    says: { authority: "a:80" },
  },
  {
    name: "an IPv6 literal",
    message: head("GET / HTTP/1.1", "Host: [::1]:8080"),
    forwarded: passed("GET / HTTP/1.1", "Host: [::1]:8080"),
    says: { host: "[::1]", authority: "[::1]:8080" },
  },
  {
    name: "an IPv6 literal in another form",
    message: head("GET / HTTP/1.1", "Host: [2001:DB8:0:0::0:1]"),
    forwarded: passed("GET / HTTP/1.1", "Host: [2001:db8::1]"),
    says: { host: "[2001:db8::1]", authority: "[2001:db8::1]" },
  },
  {
    name: "HTTP/1.0 without Host",
    message: head("GET / HTTP/1.0"),
    forwarded: passed("GET / HTTP/1.1", "Host: "),
    says: { versionMinor: 0, host: "", authority: "", keepAlive: false },
  },
  {
    name: "HTTP/1.0 that stays",
    message: head("GET / HTTP/1.0", "Connection: Keep-Alive", "Host: a"),
    forwarded: passed("GET / HTTP/1.1", "Host: a"),
    says: { versionMinor: 0 },
  },

  // Forms of the target
  {
    name: "absolute form",
    message: head("GET HTTP://A:80/x?y HTTP/1.1", "Host: a"),
    forwarded: passed("GET /x?y HTTP/1.1", "Host: a"),
    says: { path: "/x?y" },
  },
  {
    name: "absolute form without a path",
    message: head("GET https://a?y HTTP/1.1", "Host: a:443"),
    forwarded: passed("GET /?y HTTP/1.1", "Host: a:443"),
    says: { path: "/?y", authority: "a:443" },
  },
  {
    name: "absolute form of nothing but a host",
    message: head("GET http://a HTTP/1.1", "Host: a"),
    forwarded: passed("GET / HTTP/1.1", "Host: a"),
  },
  {
    name: "absolute form of OPTIONS *",
    message: head("OPTIONS http://a HTTP/1.1", "Host: a"),
    forwarded: passed("OPTIONS * HTTP/1.1", "Host: a"),
    says: { method: "OPTIONS", path: "*" },
  },
  {
    name: "asterisk form",
    message: head("OPTIONS * HTTP/1.1", "Host: a"),
    forwarded: passed("OPTIONS * HTTP/1.1", "Host: a"),
    says: { method: "OPTIONS", path: "*" },
  },

  // Framing
  {
    name: "a length",
    message: head("POST / HTTP/1.1", "content-length:  0012 ", "Host: a"),
    forwarded: passed("POST / HTTP/1.1", "Host: a", "Content-Length: 12"),
    says: { method: "POST", contentLength: 12 },
  },
  {
    name: "length 0",
    message: get("Content-Length: 0"),
    forwarded: passedGet("Content-Length: 0"),
    says: { contentLength: 0 },
  },
  {
    name: "the largest length",
    message: get("Content-Length: 9007199254740991"),
    forwarded: passedGet("Content-Length: 9007199254740991"),
    says: { contentLength: Number.MAX_SAFE_INTEGER },
  },
  {
    name: "chunks",
    message: get("Transfer-Encoding: Chunked", "B: 2"),
    forwarded: passedGet("B: 2", "Transfer-Encoding: chunked"),
    says: { chunked: true },
  },

  // What concerns the connection
  { name: "close", message: get("Connection: Close"), forwarded: passedGet(), says: { keepAlive: false } },
  {
    name: "close, among others",
    message: get("Connection: keep-alive", "connection: ,\t, close"),
    forwarded: passedGet(),
    says: { keepAlive: false },
  },
  {
    name: "hop-by-hop fields",
    message: get(
      "Keep-Alive: timeout=5",
      "B: 2",
      "Proxy-Connection: keep-alive",
      "Proxy-Authorization: Basic eA==",
      "TE: trailers",
      "Proxy: http://evil.example",
      "HTTP2-Settings: AAMAAABk",
      "C: 3",
    ),
    forwarded: passedGet("B: 2", "C: 3"),
  },
  {
    name: "fields that Connection names, before and after it",
    message: get("Foo: 1", "Bar: 2", "Connection: FOO, keep-alive,foo", "foo: 3", "Foo-Bar: 4"),
    forwarded: passedGet("Bar: 2", "Foo-Bar: 4"),
  },
  {
    name: "Connection cannot name what we write ourselves",
    message: get(
      "Connection: host, content-length, x-forwarded-for, x-request-id, connection, close-not",
      "Content-Length: 3",
    ),
    forwarded: passedGet("Content-Length: 3"),
    says: { contentLength: 3 },
  },

  // Identity
  {
    name: "forged identity",
    message: get(
      "X-Forwarded-For: 6.6.6.6",
      "x-forwarded-proto: https",
      "X-FORWARDED-HOST: evil.example",
      "X-Forwarded-Anything: 1",
      "X-Forwarded: for=6.6.6.6",
      "Forwarded: for=6.6.6.6",
      "X-Real-IP: 6.6.6.6",
      "X-Request-Id: theirs",
      "B: 2",
    ),
    forwarded: passedGet("B: 2"),
  },
  {
    name: "forged identity, in letters that CGI and its heirs take for the same",
    message: get(
      "X_Forwarded_For: 6.6.6.6",
      "X-Forwarded_Proto: https",
      "x.forwarded.host: evil.example",
      "X_Real-IP: 6.6.6.6",
      "X_REQUEST_ID: theirs",
      "X-Forwarded-: 1",
      "X~Forwarded~Whatever: 1",
    ),
    forwarded: passedGet(),
  },
  {
    name: "framing in letters that CGI and its heirs take for the same",
    message: get("Content_Length: 5", "Transfer_Encoding: chunked", "Content.Length: 6", "Keep_Alive: 1"),
    forwarded: passedGet(),
  },
  {
    name: "names that only look alike",
    message: get(
      "X-Forwardedfor: 1",
      "Hosts: 2",
      "Hos: 3",
      "Content-Lengths: 4",
      "X-Real-IPs: 5",
      "Accepts: 6",
      "Tee: 7",
    ),
    forwarded: passedGet(
      "X-Forwardedfor: 1",
      "Hosts: 2",
      "Hos: 3",
      "Content-Lengths: 4",
      "X-Real-IPs: 5",
      "Accepts: 6",
      "Tee: 7",
    ),
  },

  // Upgrade, Expect, Accept
  {
    name: "a WebSocket",
    message: get("connection: keep-alive, UPGRADE", "upgrade: WebSocket", "Sec-WebSocket-Version: 13"),
    forwarded: passedGet("Sec-WebSocket-Version: 13").replace(
      /\r\n\r\n$/,
      "\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n",
    ),
    says: { upgrade: "WebSocket" },
  },
  { name: "Upgrade that Connection does not name", message: get("Upgrade: websocket"), forwarded: passedGet() },
  { name: "Connection: upgrade to nothing", message: get("Connection: upgrade"), forwarded: passedGet() },
  {
    name: "an upgrade with a body",
    message: get(...websocket, "Content-Length: 1"),
    forwarded: passedGet("Content-Length: 1"),
    says: { contentLength: 1 },
  },
  {
    name: "an upgrade by POST",
    message: head("POST / HTTP/1.1", "Host: a", ...websocket),
    forwarded: passed("POST / HTTP/1.1", "Host: a"),
    says: { method: "POST" },
  },
  {
    name: "an upgrade in HTTP/1.0",
    message: head("GET / HTTP/1.0", "Host: a", ...websocket),
    forwarded: passed("GET / HTTP/1.1", "Host: a"),
    says: { versionMinor: 0, keepAlive: false },
  },
  {
    name: "100-continue",
    message: get("Expect: 100-Continue", "Content-Length: 3"),
    forwarded: passedGet("Content-Length: 3").replace(/\r\n\r\n$/, "\r\nExpect: 100-continue\r\n\r\n"),
    says: { expectContinue: true, contentLength: 3 },
  },
  { name: "100-continue without a body", message: get("Expect: 100-continue"), forwarded: passedGet() },
  {
    name: "100-continue in HTTP/1.0",
    message: head("POST / HTTP/1.0", "Host: a", "Expect: 100-continue", "Content-Length: 3"),
    forwarded: passed("POST / HTTP/1.1", "Host: a", "Content-Length: 3"),
    says: { method: "POST", versionMinor: 0, keepAlive: false, contentLength: 3 },
  },
  {
    name: "Accept",
    message: get("Accept: text/html", "Accept: */*"),
    forwarded: passedGet("Accept: text/html", "Accept: */*"),
    says: { accept: "text/html" },
  },
];

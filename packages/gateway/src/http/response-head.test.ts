import { describe, expect, test } from "vitest";
import { head } from "./message.suite.js";
import { ResponseHead, type ResponseOptions } from "./response-head.js";

interface Meaning {
  status: number;
  versionMinor: number;
  body: string;
  contentLength: number;
  keepAlive: boolean;
  keepAliveTimeout: number;
  upgrade: string;
}

const PLAIN: Meaning = {
  status: 200,
  versionMinor: 1,
  body: "length",
  contentLength: 5,
  keepAlive: true,
  keepAliveTimeout: -1,
  upgrade: "",
};

interface AcceptedResponse {
  name: string;
  message: string;
  /** What an HTTP/1.1 visitor gets whose connection stays. */
  forwarded: string;
  method?: string;
  upgrade?: string;
  says?: Partial<Meaning>;
}

function ok(...fields: string[]): string {
  return head("HTTP/1.1 200 OK", ...fields);
}

const accepted: readonly AcceptedResponse[] = [
  { name: "a length", message: ok("content-length: 05"), forwarded: ok("Content-Length: 5") },
  {
    name: "repeated fields in their order",
    message: ok("Set-Cookie: a", "Content-Length: 5", "B: 1", "Set-Cookie: b"),
    forwarded: ok("Set-Cookie: a", "B: 1", "Set-Cookie: b", "Content-Length: 5"),
  },
  {
    name: "chunks",
    message: ok("Transfer-Encoding: chunked", "Trailer: X"),
    forwarded: ok("Trailer: X", "Transfer-Encoding: chunked"),
    says: { body: "chunked", contentLength: -1 },
  },
  {
    name: "until close",
    message: ok("B: 1"),
    forwarded: ok("B: 1", "Connection: close"),
    says: { body: "close", contentLength: -1, keepAlive: false },
  },
  {
    name: "until close, whatever Connection says",
    message: ok("Connection: keep-alive"),
    forwarded: ok("Connection: close"),
    says: { body: "close", contentLength: -1, keepAlive: false },
  },
  {
    name: "an empty reason",
    message: head("HTTP/1.1 200 ", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 200 ", "Content-Length: 5"),
  },
  {
    name: "no reason, nor the space before it",
    message: head("HTTP/1.1 200", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 200 ", "Content-Length: 5"),
  },
  {
    name: "a reason of its own",
    message: head("HTTP/1.1 299 \tSch\xf6n : so", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 299 \tSch\xf6n : so", "Content-Length: 5"),
    says: { status: 299 },
  },
  {
    name: "HTTP/1.0",
    message: head("HTTP/1.0 200 OK", "Content-Length: 5"),
    forwarded: ok("Content-Length: 5"),
    says: { versionMinor: 0, keepAlive: false },
  },
  {
    name: "HTTP/1.0 that stays",
    message: head("HTTP/1.0 404 Not Found", "Connection: keep-alive", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 404 Not Found", "Content-Length: 5"),
    says: { status: 404, versionMinor: 0 },
  },
  {
    name: "hop-by-hop fields, and those that Connection names",
    message: ok(
      "Foo: 1",
      "Connection: close, foo",
      "Keep-Alive: max=3, Timeout=17",
      "Proxy-Authenticate: Basic",
      "Upgrade: h2c",
      "Content_Length: 7",
      "X-Request-Id: theirs",
      "Content-Length: 5",
    ),
    forwarded: ok("X-Request-Id: theirs", "Content-Length: 5"),
    says: { keepAlive: false, keepAliveTimeout: 17 },
  },
  {
    name: "a time that is no number of seconds",
    message: ok("Keep-Alive: timeout=soon, max=3", "Content-Length: 5"),
    forwarded: ok("Content-Length: 5"),
  },
  {
    name: "HEAD with a length",
    method: "HEAD",
    message: ok("Content-Length: 5"),
    forwarded: ok("Content-Length: 5"),
    says: { body: "none" },
  },
  {
    name: "HEAD with chunks",
    method: "HEAD",
    message: ok("Transfer-Encoding: chunked"),
    forwarded: ok("Transfer-Encoding: chunked"),
    says: { body: "none", contentLength: -1 },
  },
  {
    name: "HEAD with neither",
    method: "HEAD",
    message: ok(),
    forwarded: ok(),
    says: { body: "none", contentLength: -1 },
  },
  {
    name: "304 with a length",
    message: head("HTTP/1.1 304 Not Modified", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 304 Not Modified", "Content-Length: 5"),
    says: { status: 304, body: "none" },
  },
  {
    name: "204",
    message: head("HTTP/1.1 204 No Content", "Content-Length: 0"),
    forwarded: head("HTTP/1.1 204 No Content"),
    says: { status: 204, body: "none", contentLength: -1 },
  },
  {
    name: "204 that announces a body",
    message: head("HTTP/1.1 204 No Content", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 204 No Content"),
    says: { status: 204, body: "none", contentLength: -1, keepAlive: false },
  },
  {
    name: "204 that announces chunks",
    message: head("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked"),
    forwarded: head("HTTP/1.1 204 No Content"),
    says: { status: 204, body: "none", contentLength: -1, keepAlive: false },
  },
  {
    name: "100",
    message: head("HTTP/1.1 100 Continue"),
    forwarded: head("HTTP/1.1 100 Continue"),
    says: { status: 100, body: "none", contentLength: -1 },
  },
  {
    name: "103 with fields and a length it must not have",
    message: head("HTTP/1.1 103 Early Hints", "Link: </a>", "Content-Length: 0"),
    forwarded: head("HTTP/1.1 103 Early Hints", "Link: </a>"),
    says: { status: 103, body: "none", contentLength: -1 },
  },
  {
    name: "101",
    upgrade: "foo/2, WebSocket",
    message: head("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade", "Sec-X: 1"),
    forwarded: head("HTTP/1.1 101 Switching Protocols", "Sec-X: 1", "Connection: Upgrade", "Upgrade: websocket"),
    says: { status: 101, body: "none", contentLength: -1, keepAlive: false, upgrade: "websocket" },
  },
  {
    name: "an upgrade that is declined",
    upgrade: "websocket",
    message: head("HTTP/1.1 426 Upgrade Required", "Upgrade: foo", "Connection: upgrade", "Content-Length: 5"),
    forwarded: head("HTTP/1.1 426 Upgrade Required", "Content-Length: 5"),
    says: { status: 426 },
  },
];

interface RefusedResponse {
  name: string;
  message: string;
  flaw: string;
  upgrade?: string;
}

const LINE = "PN_HTTP_STATUS_LINE";
const SWITCH = "HTTP/1.1 101 Switching Protocols";

const refused: readonly RefusedResponse[] = [
  ...[
    "garbage",
    "SSH-2.0-OpenSSH",
    "\x16\x03\x01",
    "HTTP/2 200 OK",
    "HTTP/1.2 200 OK",
    "http/1.1 200 OK",
    " HTTP/1.1 200 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1\t200 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 +20 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 600 OK",
    "HTTP/1.1 200OK",
    "HTTP/1.1 200 O\x00K",
    "HTTP/1.1 200 O\rK",
    "HTTP/1.1 200 OK\nB: 1",
    "\r\nHTTP/1.1 200 OK",
  ].map((line) => ({ name: JSON.stringify(line), message: head(line, "Content-Length: 5"), flaw: LINE })),
  { name: "a folded line", message: ok("A: 1", " 2"), flaw: "PN_HTTP_FOLDED" },
  { name: "a bare LF", message: ok("A: 1\nB: 2"), flaw: "PN_HTTP_LINE_END" },
  { name: "a control byte", message: ok("A: 1\x01"), flaw: "PN_HTTP_FIELD_VALUE" },
  { name: "a space before the colon", message: ok("A : 1"), flaw: "PN_HTTP_FIELD_NAME" },
  { name: "two lengths", message: ok("Content-Length: 5", "Content-Length: 5"), flaw: "PN_HTTP_CONTENT_LENGTH" },
  { name: "a list of lengths", message: ok("Content-Length: 5, 5"), flaw: "PN_HTTP_CONTENT_LENGTH" },
  {
    name: "length and chunks",
    message: ok("Content-Length: 5", "Transfer-Encoding: chunked"),
    flaw: "PN_HTTP_FRAMING",
  },
  { name: "another coding", message: ok("Transfer-Encoding: gzip, chunked"), flaw: "PN_HTTP_CODING" },
  {
    name: "chunks in HTTP/1.0",
    message: head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"),
    flaw: "PN_HTTP_TRANSFER_ENCODING",
  },
  { name: "a malformed Connection", message: ok("Connection: a b"), flaw: "PN_HTTP_CONNECTION" },
  { name: "a head too large", message: ok(`A: ${"x".repeat(16_384)}`), flaw: "PN_HTTP_HEAD_TOO_LARGE" },
  { name: "a reason too long", message: head(`HTTP/1.1 200 ${"x".repeat(16_384)}`), flaw: "PN_HTTP_HEAD_TOO_LARGE" },
  { name: "too many fields", message: ok(...Array<string>(101).fill("A: 1")), flaw: "PN_HTTP_HEAD_TOO_LARGE" },
  {
    name: "101 that nobody asked for",
    message: head(SWITCH, "Connection: upgrade", "Upgrade: websocket"),
    flaw: "PN_HTTP_UPGRADE",
  },
  ...[
    ["Connection: upgrade"],
    ["Upgrade: websocket"],
    ["Connection: upgrade", "Upgrade: foo"],
    ["Connection: upgrade", "Upgrade: "],
    ["Connection: upgrade", "Upgrade: websocket", "Upgrade: websocket"],
    ["Connection: upgrade", "Upgrade: websocket, foo"],
  ].map((fields) => ({
    name: `101 with ${fields.join(", ")}`,
    message: head(SWITCH, ...fields),
    upgrade: "websocket",
    flaw: "PN_HTTP_UPGRADE",
  })),
  {
    name: "101 in HTTP/1.0",
    message: head("HTTP/1.0 101 Switching Protocols", "Connection: upgrade", "Upgrade: websocket"),
    upgrade: "websocket",
    flaw: "PN_HTTP_UPGRADE",
  },
];

function meaningOf(response: ResponseHead): Meaning {
  const { status, versionMinor, body, contentLength, keepAlive, keepAliveTimeout, upgrade } = response;
  return { status, versionMinor, body, contentLength, keepAlive, keepAliveTimeout, upgrade };
}

describe("accepted", () => {
  test.each(accepted)("$name", ({ message, method = "GET", upgrade = "", says, forwarded }) => {
    const before = "0\r\n\r\n";
    const bytes = Buffer.from(`${before}${message}HTTP/1.1 500 Next\r\n\r\n`, "latin1");
    const start = before.length;
    const end = start + message.length;
    const response = new ResponseHead();
    for (let until = start; until < end; until++) {
      expect(response.read(bytes, start, until, method, upgrade), `up to ${until}`).toBe(0);
    }
    for (const until of [end, bytes.length]) {
      expect(response.read(bytes, start, until, method, upgrade)).toBe(message.length);
      expect(meaningOf(response)).toEqual({ ...PLAIN, ...says });
      expect(response.write({ visitorMinor: 1, close: false }).toString("latin1")).toBe(forwarded);
    }
  });
});

describe("refused", () => {
  test.each(refused)("$name", ({ message, upgrade = "", flaw }) => {
    const bytes = Buffer.from(message, "latin1");
    const response = new ResponseHead();
    let seen = 0;
    // Waits, then refuses, and stays with that. Every byte at first, fewer steps in a long message.
    for (let end = 0; end < bytes.length; end += 1 + (end >> 6)) {
      const verdict = response.read(bytes, 0, end, "GET", upgrade);
      expect(verdict, `${end} bytes`).toBeLessThanOrEqual(seen);
      seen = verdict;
    }
    expect(response.read(bytes, 0, bytes.length, "GET", upgrade)).toBe(-1);
    expect(response.flaw?.code).toBe(flaw);
    expect(response.refusal).toMatchObject({ code: "PN_ORIGIN_INVALID", status: 502 });
  });

  test("garbage at its first byte", () => {
    expect(new ResponseHead().read(Buffer.from("x"), 0, 1, "GET", "")).toBe(-1);
  });
});

describe("to different visitors", () => {
  function forwarded(message: string, options: ResponseOptions, method = "GET"): string {
    const response = new ResponseHead();
    expect(response.read(Buffer.from(message), 0, message.length, method, "")).toBe(message.length);
    return response.write(options).toString("latin1");
  }

  const length = ok("Content-Length: 5");
  const chunks = ok("Transfer-Encoding: chunked");

  test("HTTP/1.1 hears of a connection only when it ends", () => {
    expect(forwarded(length, { visitorMinor: 1, close: false })).toBe(length);
    expect(forwarded(length, { visitorMinor: 1, close: true })).toBe(ok("Content-Length: 5", "Connection: close"));
  });

  test("HTTP/1.0 hears of it also when it stays", () => {
    expect(forwarded(length, { visitorMinor: 0, close: false })).toBe(
      ok("Content-Length: 5", "Connection: keep-alive"),
    );
    expect(forwarded(length, { visitorMinor: 0, close: true })).toBe(ok("Content-Length: 5", "Connection: close"));
  });

  test("HTTP/1.0 gets the content of chunks until the connection ends", () => {
    expect(forwarded(chunks, { visitorMinor: 0, close: false })).toBe(ok("Connection: close"));
    expect(forwarded(chunks, { visitorMinor: 0, close: false }, "HEAD")).toBe(ok("Connection: keep-alive"));
  });

  test("lines of our own come after the origin's", () => {
    expect(forwarded(ok("B: 1", "Content-Length: 5"), { visitorMinor: 1, close: true, lines: "Ours: 1\r\n" })).toBe(
      ok("B: 1", "Content-Length: 5", "Ours: 1", "Connection: close"),
    );
  });

  test("interim responses never speak of the connection", () => {
    const hints = head("HTTP/1.1 103 Early Hints", "Link: </a>");
    expect(forwarded(hints, { visitorMinor: 1, close: true })).toBe(hints);
  });
});

test("one object reads every message as a new one does", () => {
  const reused = new ResponseHead();
  for (let round = 0; round < 2; round++) {
    for (const { message, upgrade = "", method = "GET" } of [
      ...accepted,
      ...refused,
      ...accepted,
    ] as AcceptedResponse[]) {
      const bytes = Buffer.from(message, "latin1");
      const fresh = new ResponseHead();
      const read = fresh.read(bytes, 0, bytes.length, method, upgrade);
      expect(reused.read(bytes, 0, bytes.length, method, upgrade)).toBe(read);
      if (read > 0) expect(meaningOf(reused)).toEqual(meaningOf(fresh));
    }
  }
});

import { createRequire } from "node:module";
import { RequestHead, ResponseHead } from "../../packages/gateway/dist/http/index.js";
import { callRate } from "../measure/call-rate.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { line, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { perSecond, ratio } from "../show.ts";
import { interleave } from "../setups/setup.ts";

const SECONDS = 1;

const CRLF = "\r\n";
const SMALL_REQUEST = ["GET /small HTTP/1.1", "Host: app.localhost:8080", "", ""].join(CRLF);
const BROWSER_REQUEST = [
  "GET /articles/2026/11/a-name-that-stays?utm_source=feed HTTP/1.1",
  "Host: my-app.tunnel.example.com",
  "Connection: keep-alive",
  'sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-User: ?1",
  "Sec-Fetch-Dest: document",
  "Referer: https://my-app.tunnel.example.com/articles/",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Cookie: session=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0; theme=dark; consent=1",
  'If-None-Match: W/"64f-18c2a3b4d5e"',
  "",
  "",
].join(CRLF);
const RESPONSE = [
  "HTTP/1.1 200 OK",
  "Server: nginx/1.22.1",
  "Date: Mon, 23 Nov 2026 03:00:00 GMT",
  "Content-Type: text/html; charset=utf-8",
  "Content-Length: 0",
  "Last-Modified: Sun, 22 Nov 2026 21:14:09 GMT",
  "Connection: keep-alive",
  'ETag: W/"64f-18c2a3b4d5e"',
  "Cache-Control: public, max-age=600",
  "Vary: Accept-Encoding",
  "Accept-Ranges: bytes",
  "",
  "",
].join(CRLF);

/** The lines that the gateway adds to every request. */
const FORWARDED_FIELDS =
  "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: my-app.tunnel.example.com\r\n" +
  'X-Real-IP: 192.0.2.1\r\nForwarded: for=192.0.2.1;host="my-app.tunnel.example.com";proto=http\r\nX-Request-Id: 0123456789-a\r\n';

/** Reads one whole message. Throws when it cannot. */
type Reader = () => void;

interface Parser {
  initialize(kind: number, resource: object): void;
  execute(bytes: Buffer): unknown;
  [callback: number]: (...fields: unknown[]) => void;
}

/**
 * Compares the head reader alone with the parser of node:http: without sockets, one message at a time, each complete in
 * one buffer.
 */
export const heads: Row = {
  name: "heads",
  about: "the head reader alone, messages/s, beside the parser of node:http",
  needs: [],
  limit: (settings) => 60 + (settings.rounds + 1) * 10 * duration(settings, SECONDS),
  run: async (_stage, settings) => [
    ...(await compare(settings, "small request", requestReaders(SMALL_REQUEST))),
    ...(await compare(settings, "a browser's request", requestReaders(BROWSER_REQUEST))),
    ...(await compare(settings, "response", responseReaders(RESPONSE))),
  ],
};

async function compare(settings: Settings, what: string, readers: Reader[]): Promise<Line[]> {
  const seconds = duration(settings, SECONDS);
  for (const reader of readers) callRate(reader, seconds / 2);
  const rates = await interleave(readers, settings.rounds, async (reader) => callRate(reader, seconds));
  const [reading, writing, node] = rates as [number[], number[], number[]];
  return [
    line({
      measure: `heads read, ${what}`,
      product: perSecond(median(reading)),
      yardstick: perSecond(median(node)),
      ratio: ratio(pairedRatio(reading, node)),
      note: `read and written for the other side: ${perSecond(median(writing))}; the yardstick is the parser of node:http`,
      raw: { reading, writing, node },
    }),
  ];
}

function requestReaders(text: string): Reader[] {
  const bytes = Buffer.from(text, "latin1");
  const head = new RequestHead();
  const read = (): void => {
    if (head.read(bytes, 0, bytes.length) !== bytes.length) throw new Error("this is one whole request");
  };
  const write = (): void => {
    read();
    head.write(FORWARDED_FIELDS);
  };
  return [read, write, nodeReader("REQUEST", bytes)];
}

function responseReaders(text: string): Reader[] {
  const bytes = Buffer.from(text, "latin1");
  const head = new ResponseHead();
  const read = (): void => {
    if (head.read(bytes, 0, bytes.length, "GET", "") !== bytes.length) throw new Error("this is one whole response");
  };
  const write = (): void => {
    read();
    head.write({ visitorMinor: 1, close: false });
  };
  return [read, write, nodeReader("RESPONSE", bytes)];
}

/** The parser that node:http uses, with the same callback, which receives an array of strings. */
function nodeReader(kind: "REQUEST" | "RESPONSE", bytes: Buffer): Reader {
  process.noDeprecation = true;
  const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as {
    HTTPParser: { new (): Parser; REQUEST: number; RESPONSE: number; kOnHeadersComplete: number };
  };
  const parser = new HTTPParser();
  parser.initialize(HTTPParser[kind], {});
  let headsRead = 0;
  parser[HTTPParser.kOnHeadersComplete] = () => void headsRead++;
  return () => {
    const before = headsRead;
    if (parser.execute(bytes) !== bytes.length || headsRead !== before + 1)
      throw new Error("this is one whole message");
  };
}

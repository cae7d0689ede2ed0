import { createServer, type IncomingMessage, request } from "node:http";
import { MemorySocket, settled } from "./memory-socket.ts";

/** A message as node:http read it. */
export interface Seen {
  /** `GET /path` or `200`. */
  what: string;
  /** `name: value` of each field line. */
  fields: string[];
  body: string;
  trailers: string[];
  /** Whether the message was read to its end. */
  complete: boolean;
}

/** Everything that node:http read from some bytes. */
export interface Reading {
  messages: Seen[];
  /** The bytes after an upgrade. */
  afterUpgrade: string | undefined;
  error: string | undefined;
}

const LIMIT = 64 * 1024;
const sinks = new WeakMap<object, (message: IncomingMessage, rest?: Buffer) => void>();
const server = createServer({ maxHeaderSize: LIMIT });
server.on("request", (message) => sinks.get(message.socket)?.(message));
server.on("checkContinue", (message) => sinks.get(message.socket)?.(message));
server.on("upgrade", (message, socket, rest) => sinks.get(socket)?.(message, rest));
// Each socket handles its errors. Without a listener here, node would respond to them.
server.on("clientError", (error, socket) => socket.emit("refused", error));

/** Passes `bytes` to a node:http server. */
export async function nodeServerReads(bytes: Buffer): Promise<Reading> {
  const reading: Reading = { messages: [], afterUpgrade: undefined, error: undefined };
  const socket = new MemorySocket();
  sinks.set(socket, (message, rest) => {
    const seen = collect(message, `${message.method} ${message.url}`);
    if (rest !== undefined) {
      seen.complete = true;
      reading.afterUpgrade = rest.toString("latin1");
    }
    reading.messages.push(seen);
  });
  socket.on("refused", (error: Error) => (reading.error = error.message)).on("error", () => {});
  server.emit("connection", socket);
  socket.push(bytes);
  await settled();
  socket.destroy();
  return reading;
}

/** Passes `bytes` to a node:http client that sent `method`. The connection then ends if `closed` is set. */
export async function nodeClientReads(
  bytes: Buffer,
  method: string,
  upgrade: string,
  closed: boolean,
): Promise<Reading> {
  const reading: Reading = { messages: [], afterUpgrade: undefined, error: undefined };
  const socket = new MemorySocket();
  const headers = upgrade === "" ? {} : { Connection: "Upgrade", Upgrade: upgrade };
  const sent = request({ createConnection: () => socket as never, method, headers, maxHeaderSize: LIMIT });
  sent.on("response", (message) => reading.messages.push(collect(message, String(message.statusCode))));
  sent.on("information", ({ statusCode, rawHeaders }) => {
    reading.messages.push({
      what: String(statusCode),
      fields: pairs(rawHeaders),
      body: "",
      trailers: [],
      complete: true,
    });
  });
  sent.on("upgrade", (message, _socket, rest) => {
    reading.messages.push({ ...collect(message, String(message.statusCode)), complete: true });
    reading.afterUpgrade = rest.toString("latin1");
  });
  sent.on("error", (error) => (reading.error = error.message));
  sent.end();
  await settled();
  socket.push(bytes);
  await settled();
  if (closed) socket.push(null);
  await settled();
  sent.destroy();
  socket.destroy();
  return reading;
}

function collect(message: IncomingMessage, what: string): Seen {
  const seen: Seen = { what, fields: pairs(message.rawHeaders), body: "", trailers: [], complete: false };
  message.setEncoding("latin1");
  message.on("data", (text: string) => (seen.body += text));
  message.on("end", () => {
    seen.complete = message.complete;
    seen.trailers = pairs(message.rawTrailers);
  });
  message.on("error", () => {});
  return seen;
}

function pairs(raw: readonly string[]): string[] {
  return Array.from({ length: raw.length / 2 }, (_, n) => `${raw[2 * n]}: ${raw[2 * n + 1]}`);
}

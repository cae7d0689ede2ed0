/**
 * Sessions with one idle tunnel each, as bytes of PROTOCOL.md without any code of the client, so that thousands of them
 * cost little. Opens `count` of them, `together` at a time, and reports { open }. Each one sends a PING every 10 s and
 * answers those of the server. On SIGTERM all of them close in an orderly way, so that the server forgets their names.
 */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { holdOpen, type Crowd } from "./hold-open.ts";
import { dial, fail, settings, type Target } from "./settings.ts";

const target = settings<Target & Crowd>();
const apiKey = process.env["POSTERN_API_KEY"] ?? "";

/** Frames: PROTOCOL.md, section 2. */
const CONTROL = 0x01;
const PING = 0x02;
const PONG = 0x03;
const FRAME_HEADER = 8;
/** WebSocket opcodes: RFC 6455, section 11.8. */
const BINARY = 0x2;
const CLOSE = 0x8;
const NORMAL_CLOSE = Buffer.from([1000 >> 8, 1000 & 0xff]);
const HEARTBEAT_MS = 10_000;
const HEARTBEAT = frame(PING, Buffer.alloc(8));

/** Shared, because each read is parsed before the next one. */
const buffer = Buffer.alloc(1 << 16);
const open = new Set<IdleTunnel>();
let closing = false;

class IdleTunnel {
  readonly bound: Promise<void>;
  #socket: Socket;
  #resolve: () => void = () => {};
  /** A copy of an incomplete head or message. */
  #rest: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor() {
    this.bound = new Promise((resolve) => (this.#resolve = resolve));
    const callback = (bytes: number): boolean => {
      this.#read(buffer.subarray(0, bytes));
      return true;
    };
    this.#socket = dial(target, { buffer, callback }, () => this.#upgrade());
    this.#socket.once("error", (error) => fail(`idle tunnel: ${error.message}`));
    this.#socket.once("close", () => this.#closed());
  }

  close(): void {
    this.#send(CLOSE, NORMAL_CLOSE);
  }

  #upgrade(): void {
    this.#socket.write(
      `GET ${target.path} HTTP/1.1\r\nHost: ${target.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
        "Sec-WebSocket-Protocol: postern.v1\r\n\r\n",
    );
  }

  #read(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = this.#upgraded ? 0 : this.#readHead(bytes);
    while (this.#upgraded && at < bytes.length) {
      const end = this.#readMessage(bytes, at);
      if (end === at) break;
      at = end;
    }
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }

  /** Returns the end of the response to the upgrade, or 0 while it is incomplete. */
  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    if (!bytes.toString("latin1", 0, 13).startsWith("HTTP/1.1 101 "))
      fail(`idle tunnel: ${bytes.toString("latin1", 0, 200)}`);
    this.#upgraded = true;
    this.#control({ type: "hello", versions: [1], auth: { method: "api_key", api_key: apiKey }, features: [] });
    return end + 4;
  }

  /** Returns the end of the WebSocket message at `at`, or `at` while it is incomplete. */
  #readMessage(bytes: Buffer, at: number): number {
    if (bytes.length < at + 4) return at;
    const short = bytes[at + 1]!;
    if (short > 126) fail("idle tunnel: a message of this size is not expected");
    const start = at + (short === 126 ? 4 : 2);
    const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short);
    if (bytes.length < end) return at;
    if ((bytes[at]! & 0x0f) === BINARY) this.#readFrames(bytes.subarray(start, end));
    return end;
  }

  #readFrames(batch: Buffer): void {
    for (let at = 0; at < batch.length;) {
      const end = at + FRAME_HEADER + batch.readUInt16BE(at + 2);
      const payload = batch.subarray(at + FRAME_HEADER, end);
      if (batch[at] === PING) this.#send(BINARY, frame(PONG, Buffer.concat([payload.subarray(0, 8), clock()])));
      else if (batch[at] === CONTROL) this.#handle(JSON.parse(payload.toString()) as { type: string });
      at = end;
    }
  }

  #handle(message: { type: string }): void {
    if (message.type === "welcome") this.#control({ type: "bind", bind: 1, local_host: "127.0.0.1:9" });
    else if (message.type === "bound") this.#keep();
    else fail(`idle tunnel: ${JSON.stringify(message)}`);
  }

  #keep(): void {
    open.add(this);
    this.#heartbeat = setInterval(() => this.#send(BINARY, HEARTBEAT), HEARTBEAT_MS);
    this.#resolve();
  }

  #control(message: object): void {
    this.#send(BINARY, frame(CONTROL, Buffer.from(JSON.stringify(message))));
  }

  /** Sends a WebSocket frame of at most 64 KB, masked with the all-zero key. */
  #send(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]), payload]));
  }

  #closed(): void {
    clearInterval(this.#heartbeat);
    if (!closing) fail("idle tunnel: the connection was closed");
    open.delete(this);
    if (open.size === 0) process.exit(0);
  }
}

function frame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header[0] = type;
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/** Microseconds, modulo 2^32. */
function clock(): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.floor(performance.now() * 1000) % 2 ** 32);
  return bytes;
}

process.once("SIGTERM", () => {
  closing = true;
  for (const tunnel of open) tunnel.close();
  if (open.size === 0) process.exit(0);
});

await holdOpen(target, () => new IdleTunnel().bound);

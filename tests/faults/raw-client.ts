import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { SUBPROTOCOL, WEBSOCKET_GUID } from "@postern/protocol";
import { TEST_KEY, until, type Defer } from "@postern/testkit";

/** Frame types of PROTOCOL.md, section 2. */
export const RawFrame = { CONTROL: 0x01, PING: 0x02, PONG: 0x03, OPEN: 0x10, DATA: 0x11, WINDOW: 0x12 } as const;

/** Returns a frame of PROTOCOL.md, section 2. */
export function rawFrame(type: number, stream: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(8 + payload.length);
  frame[0] = type;
  frame.writeUInt16BE(payload.length, 2);
  frame.writeUInt32BE(stream, 4);
  payload.copy(frame, 8);
  return frame;
}

/** Returns a WebSocket frame of a client, masked with the all-zero key. */
export function webSocketFrame(opcode: number, payload: Buffer): Buffer {
  const length = payload.length;
  const header = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (length >= 65_536) header.writeUInt32BE(length, 6);
  else if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}

/** A client without any of our code, which can send frames that our client never sends. */
export class RawClient {
  readonly messages: { type: string; code?: string }[] = [];
  /** The offset up to which each stream accepts bytes, in the order in which the server opened them. */
  readonly limits = new Map<number, number>();
  isClosed = false;
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("close", () => (this.isClosed = true)).on("error", () => {});
  }

  static async start(defer: Defer, port: number, key: string = TEST_KEY): Promise<RawClient> {
    const nonce = randomBytes(16).toString("base64");
    const socket = connect(port, "127.0.0.1");
    defer(async () => void socket.destroy());
    socket.write(
      `GET /connect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${nonce}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
    );
    const accept = createHash("sha1").update(nonce + WEBSOCKET_GUID).digest("base64"); // prettier-ignore
    const head = await new Promise<Buffer>((resolve, reject) => socket.once("data", resolve).once("error", reject));
    const end = head.indexOf("\r\n\r\n") + 4;
    if (!head.includes(accept)) throw new Error(head.toString());
    const client = new RawClient(socket);
    client.#read(head.subarray(end));
    client.control({ type: "hello", versions: [1], auth: { method: "api_key", api_key: key } });
    await client.received("welcome");
    return client;
  }

  async received(type: string): Promise<void> {
    await until(`the message ${type}`, () => this.messages.some((message) => message.type === type), {
      details: () => JSON.stringify(this.messages),
    });
  }

  control(message: object): void {
    this.send(webSocketFrame(2, rawFrame(RawFrame.CONTROL, 0, Buffer.from(JSON.stringify(message)))));
  }

  /** Binds the name and waits for the tunnel. `instance` lets several sessions serve it. */
  async bind(subdomain: string): Promise<void> {
    this.control({ type: "bind", bind: 1, subdomain, instance: "raw" });
    await this.received("bound");
  }

  /** Sends bytes as they are. Returns whether the socket has taken all of them. */
  send(bytes: Buffer): boolean {
    return !this.isClosed && this.#socket.write(bytes);
  }

  /** Resolves when the socket has taken everything, or is closed. */
  async drained(): Promise<void> {
    while (this.#socket.writableLength > 0 && !this.isClosed) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const bytes = this.#unread;
      if (bytes.length < 2) return;
      const short = bytes[1]! & 0x7f;
      const from = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < from) return;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
      if (bytes.length < from + length) return;
      if ((bytes[0]! & 0x0f) === 2) this.#readFrames(bytes.subarray(from, from + length));
      this.#unread = bytes.subarray(from + length);
    }
  }

  #readFrames(batch: Buffer): void {
    for (let at = 0; at < batch.length; at += 8 + batch.readUInt16BE(at + 2)) {
      const payload = batch.subarray(at + 8, at + 8 + batch.readUInt16BE(at + 2));
      const stream = batch.readUInt32BE(at + 4);
      if (batch[at] === RawFrame.CONTROL) this.messages.push(JSON.parse(payload.toString()) as { type: string });
      if (batch[at] === RawFrame.OPEN) this.limits.set(stream, payload.readUInt32BE(4));
      if (batch[at] === RawFrame.WINDOW) this.limits.set(stream, payload.readUInt32BE(4));
      if (batch[at] === RawFrame.PING) this.#pong(payload);
    }
  }

  #pong(payload: Buffer): void {
    this.send(webSocketFrame(2, rawFrame(RawFrame.PONG, 0, Buffer.concat([payload, Buffer.alloc(4)]))));
  }
}

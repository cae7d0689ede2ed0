/**
 * An origin that reads and discards an upload, which nginx cannot do, and responds with the number of bytes. It also
 * sends the small and the large response, so that one process can serve a whole session. On SIGUSR2 it reports {
 * received }, the bytes of all bodies so far, without those that are still in the kernel buffers of an uploader.
 */
import { createServer, type Socket } from "node:net";
import { report, settings } from "./settings.ts";

const {
  host,
  port,
  small,
  largeBytes,
  delay = 0,
} = settings<{
  host: string;
  port: number;
  small: string;
  largeBytes: number;
  /** Milliseconds before each small response. Default 0. */
  delay?: number;
}>();

/** Small, so that a small response does not wait long behind it. */
const PIECE = Buffer.alloc(64 * 1024);

let received = 0;
process.on("SIGUSR2", () => report({ received }));

createServer({ noDelay: true }, (socket) => void new Connection(socket)).listen(port, host);

class Connection {
  #socket: Socket;
  #head = "";
  /** The body length of the current request, and the bytes of it that have not arrived; -1 while a head is read. */
  #length = 0;
  #left = -1;
  /** Bytes of a large response that have not been sent. */
  #unsent = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("drain", () => this.#send());
    socket.on("data", (chunk) => this.#read(chunk));
  }

  #read(chunk: Buffer): void {
    let bytes = chunk.length;
    if (this.#left < 0) {
      const before = this.#head.length;
      this.#head += chunk.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end))?.[1] ?? 0);
      this.#left = this.#length;
      bytes = chunk.length - (end + 4 - before);
    }
    this.#left -= bytes;
    received += bytes;
    if (this.#left > 0) return;
    this.#left = -1;
    const [method, path] = this.#head.split(" ", 2);
    this.#head = "";
    if (method === "POST") this.#respond(`${this.#length}`);
    else if (path === "/small") this.#respondSmall();
    else this.#respondLarge();
  }

  #respondSmall(): void {
    if (delay === 0) return this.#respond(small);
    setTimeout(() => this.#respond(small), delay);
  }

  #respond(body: string): void {
    this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }

  #respondLarge(): void {
    this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${largeBytes}\r\n\r\n`);
    this.#unsent = largeBytes;
    this.#send();
  }

  #send(): void {
    while (this.#unsent > 0 && !this.#socket.destroyed) {
      const piece = this.#unsent < PIECE.length ? PIECE.subarray(0, this.#unsent) : PIECE;
      this.#unsent -= piece.length;
      if (!this.#socket.write(piece)) return;
    }
  }
}

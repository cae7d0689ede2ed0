/**
 * An origin for what nginx cannot do: it reads an upload to its end and throws it away, then answers with the number of bytes.
 * It has the small and the large answer as well, so that one process can be behind a whole session. At SIGUSR2 it reports
 * { received }, the bytes of all bodies so far: what an uploader has handed to its kernel is not there yet.
 */
import { createServer, type Socket } from "node:net";
import { report, settings } from "./settings.ts";

const { host, port, small, largeBytes } = settings<{ host: string; port: number; small: string; largeBytes: number }>();

/** Small enough that a small answer never waits long behind it. */
const PIECE = Buffer.alloc(64 * 1024);

let received = 0;
process.on("SIGUSR2", () => report({ received }));

createServer({ noDelay: true }, (socket) => void new Connection(socket)).listen(port, host);

class Connection {
  #socket: Socket;
  #head = "";
  /** The length of the present request's body, and how much of it is still to come; -1 while a head is read. */
  #length = 0;
  #left = -1;
  /** How much of a large answer is still to be sent. */
  #owed = 0;

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
    if (method === "POST") this.#answer(`${this.#length}`);
    else if (path === "/small") this.#answer(small);
    else this.#answerLarge();
  }

  #answer(body: string): void {
    this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }

  #answerLarge(): void {
    this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${largeBytes}\r\n\r\n`);
    this.#owed = largeBytes;
    this.#send();
  }

  #send(): void {
    while (this.#owed > 0 && !this.#socket.destroyed) {
      const piece = this.#owed < PIECE.length ? PIECE.subarray(0, this.#owed) : PIECE;
      this.#owed -= piece.length;
      if (!this.#socket.write(piece)) return;
    }
  }
}

import { connect, type Socket } from "node:net";
import type { Defer } from "../cleanup.js";
import { until } from "../until.js";

/** How a connection ended, as its other side sees it: in order, or torn. */
export type WireEnd = "open" | "end" | "reset";

/** One end of a bare TCP connection: bytes in, bytes out, and nothing that a parser would tidy up. */
export class Wire {
  readonly socket: Socket;
  /** How many bytes were received so far. */
  bytes = 0;
  end: WireEnd = "open";
  #chunks: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.bytes += chunk.length;
    });
    socket.on("end", () => (this.end = "end"));
    const torn = (): void => {
      if (this.end === "open") this.end = "reset";
    };
    socket.on("error", torn);
    socket.on("close", torn);
  }

  /** Dials a loopback port. */
  static async dial(defer: Defer, port: number): Promise<Wire> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    defer(async () => void socket.destroy());
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Wire(socket);
  }

  /** Everything received so far. */
  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** The same as latin1: one character a byte. */
  get text(): string {
    return this.received.toString("latin1");
  }

  /** Sends bytes; a string is latin1. */
  write(bytes: string | Buffer): void {
    this.socket.write(bytes, "latin1");
  }

  /** Half-close. */
  finish(): void {
    this.socket.end();
  }

  /** Tears the connection: the other side sees a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Waits until what was received contains `mark`, or the function says so. Returns all that was received. */
  async read(mark: string | ((text: string) => boolean)): Promise<string> {
    const what = typeof mark === "string" ? JSON.stringify(mark) : "enough bytes";
    const enough = typeof mark === "string" ? (text: string): boolean => text.includes(mark) : mark;
    const details = (): string => `received so far (${this.end}): ${JSON.stringify(this.text.slice(-2000))}`;
    // Whether it is over is asked first: what arrived before the end counts.
    const outcome = await until(
      what,
      () => {
        const over = this.end !== "open";
        return enough(this.text) ? "there" : over && "over";
      },
      { details },
    );
    if (outcome === "over") throw new Error(`the connection was over before ${what}\n${details()}`);
    return this.text;
  }

  /** Waits for the other side to end or tear the connection. */
  over(): Promise<WireEnd> {
    return until("the connection to be over", () => this.end !== "open" && this.end, {
      details: () => `received so far: ${JSON.stringify(this.text.slice(-2000))}`,
    });
  }
}

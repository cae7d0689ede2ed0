import { connect, type Socket } from "node:net";
import type { Defer } from "../cleanup.js";
import { until } from "../until.js";

/** How the other side ended a connection: with a FIN or with a reset. */
export type WireEnd = "open" | "end" | "reset";

/** One end of a plain TCP connection, byte by byte, without a parser. */
export class Wire {
  readonly socket: Socket;
  /** Bytes received so far. */
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

  /** The received bytes as latin1: one character per byte. */
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

  /** Resets the connection. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Waits until the received text contains `mark`, or until the function accepts it. Returns all received text. */
  async read(mark: string | ((text: string) => boolean)): Promise<string> {
    const what = typeof mark === "string" ? JSON.stringify(mark) : "enough bytes";
    const enough = typeof mark === "string" ? (text: string): boolean => text.includes(mark) : mark;
    const details = (): string => `received so far (${this.end}): ${JSON.stringify(this.text.slice(-2000))}`;
    // `end` is read first, so that bytes that arrived before the end count.
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

  /** Waits until the other side ends or resets the connection. */
  over(): Promise<WireEnd> {
    return until("the connection to be over", () => this.end !== "open" && this.end, {
      details: () => `received so far: ${JSON.stringify(this.text.slice(-2000))}`,
    });
  }
}

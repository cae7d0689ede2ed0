import type { ByteStream } from "@postern/net";
import { NO_SESSION, Session, type SessionHandler, type Transport } from "@postern/protocol";

/** A transport in memory. Its buffers are overwritten after each callback. */
class MemoryTransport implements Transport {
  handler = NO_SESSION;
  readonly buffered = 0;
  peer!: MemoryTransport;
  /** Messages that the handler was too busy to read. */
  #unread: Buffer[] = [];

  send(batch: Buffer, start: number): boolean {
    const message = Buffer.from(batch.subarray(start));
    setImmediate(() => this.peer.#receive(message));
    return true;
  }
  close(code: number, reason: string): void {
    setImmediate(() => {
      this.peer.handler.onClose(code, reason);
      this.handler.onClose(code, reason);
    });
  }
  terminate(): void {
    this.close(1006, "");
  }
  resume(): void {
    for (const message of this.#unread.splice(0)) this.#receive(message);
  }

  #receive(message: Buffer): void {
    const isPaused = this.#unread.length > 0;
    const read = isPaused ? 0 : this.handler.onMessage(message, true);
    message.fill(0xdb, 0, read);
    if (read === message.length) return;
    this.#unread.push(message.subarray(read));
    if (!isPaused) this.handler.onPaused();
  }
}

/** Opens streams from one real session to another. Each stream has an end of its opener and an end of its acceptor. */
export class SessionStreams {
  readonly #opener: Session;
  #accepted: ((stream: ByteStream) => void) | undefined;

  constructor() {
    const [near, far] = [new MemoryTransport(), new MemoryTransport()];
    near.peer = far;
    far.peer = near;
    const port = { now: () => performance.now(), schedule: (task: () => void) => void setImmediate(task) };
    const handler: SessionHandler = {
      onStream: (stream) => this.#accepted?.(stream),
      onControl() {},
      onGoAway() {},
      onPong() {},
      onStreamsOver() {},
      onClose() {},
    };
    this.#opener = new Session({ ...port, role: "server", transport: near }, handler);
    new Session({ ...port, role: "client", transport: far }, handler);
  }

  open(): Promise<[ByteStream, ByteStream]> {
    const { promise, resolve } = Promise.withResolvers<[ByteStream, ByteStream]>();
    const opened = this.#opener.open(1);
    this.#accepted = (accepted) => resolve([opened, accepted]);
    return promise;
  }
}

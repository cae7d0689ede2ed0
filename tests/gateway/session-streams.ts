import type { ByteStream } from "@postern/net";
import { Session, type SessionHandler, type Transport } from "@postern/protocol";

/** A transport in memory. Its buffers are overwritten after each callback. */
class MemoryTransport implements Transport {
  handler: Transport["handler"] = { onMessage() {}, onDrain() {}, onClose() {} };
  readonly buffered = 0;
  peer!: MemoryTransport;

  send(batch: Buffer, start: number): boolean {
    const message = Buffer.from(batch.subarray(start));
    setImmediate(() => {
      this.peer.handler.onMessage(message, true);
      message.fill(0xdb);
    });
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
}

/** Opens streams from one session to another, both real: the ends of each are its opener's and its acceptor's. */
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

import type { BreakCause, ByteStream } from "@postern/net";
import type { Clock } from "../deadlines/clock.js";
import type { Upstream } from "../upstream/upstream.js";

/** The most bytes of a conversation that are kept. */
const MOST_BYTES = 64 * 1024;
/** The most pieces in which they may arrive, because all bytes are read again with each piece. */
const MOST_PIECES = 512;

const REASONS: Readonly<Record<BreakCause, string>> = {
  refused: "it refused the connection",
  timeout: "it did not accept the connection in time",
  untrusted: "its certificate is not trusted",
  scheme: "it does not speak the configured protocol (TLS or plain)",
  gone: "the tunnel's client is not connected",
  full: "the tunnel has no room for another connection",
  broken: "it closed the connection before its response was complete",
};

/** What both sides of a conversation say. */
export interface Script {
  /** The first bytes for the target. */
  readonly opening: Buffer;
  /**
   * Reads all bytes received so far.
   * @param isEnd whether the target has ended its side
   * @returns `wait` for more bytes, bytes to send, or how the check ended: with a fault, or undefined for none
   */
  read(received: Buffer, isEnd: boolean): "wait" | Buffer | { readonly fault: string | undefined };
}

/**
 * Runs one check on a connection of its own.
 * @param done called once: with the fault, or undefined if there is none
 * @returns cancels the check; `done` is not called then
 */
export function converse(
  upstream: Upstream,
  script: Script,
  { clock, timeout }: { clock: Clock; timeout: number },
  done: (fault: string | undefined) => void,
): () => void {
  if (upstream.unavailable !== undefined) {
    const cause = upstream.unavailable;
    return clock.after(0, () => done(REASONS[cause]));
  }
  const stream: ByteStream = upstream.dial();
  let isOver = false;
  let received = Buffer.alloc(0);
  let pieces = 0;
  const stop = (): void => {
    isOver = true;
    cancelTimeout();
    stream.reset();
  };
  const finish = (fault: string | undefined): void => {
    if (isOver) return;
    stop();
    done(fault);
  };
  const cancelTimeout = clock.after(timeout, () => finish(`it did not respond within ${timeout} ms`));
  const read = (isEnd: boolean): void => {
    const next = script.read(received, isEnd);
    if (next === "wait") {
      if (isEnd) finish(REASONS.broken);
      else if (received.length > MOST_BYTES) finish(`its response is larger than ${MOST_BYTES / 1024} KiB`);
      else if (++pieces > MOST_PIECES) finish("its response arrives in too many pieces");
    } else if (Buffer.isBuffer(next)) stream.write(next);
    else finish(next.fault);
  };
  stream.handler = {
    onData(chunk) {
      if (isOver) return;
      received = Buffer.concat([received, chunk]);
      stream.consumed(chunk.length);
      read(false);
    },
    onEnd: () => void (isOver || read(true)),
    onReset: ({ cause }) => finish(REASONS[cause]),
    onDrain() {},
  };
  stream.write(script.opening);
  return stop;
}

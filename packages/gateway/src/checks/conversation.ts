import type { BreakCause, ByteStream } from "@postern/net";
import type { Clock } from "../deadlines/clock.js";
import type { Upstream } from "../upstream/upstream.js";

/** How a check ended. */
export type CheckResult =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly fault: string; readonly isUnreachable: boolean }
  /** It shows nothing about the target: a tunnel has no room for another stream. */
  | { readonly kind: "none" };

export const PASSED: CheckResult = { kind: "passed" };

/** @param isUnreachable whether no connection could be made */
export function failed(fault: string, isUnreachable: boolean): CheckResult {
  return { kind: "failed", fault, isUnreachable };
}

/** The most bytes of a conversation that are kept. */
const MOST_BYTES = 64 * 1024;
/** The most pieces in which they may arrive, because all bytes are read again with each piece. */
const MOST_PIECES = 512;

const REASONS: Readonly<Record<Exclude<BreakCause, "full">, string>> = {
  refused: "it refused the connection",
  timeout: "it did not accept the connection in time",
  untrusted: "its certificate is not trusted",
  scheme: "it does not speak the configured protocol (TLS or plain)",
  gone: "the tunnel's client is not connected",
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
 * @param done called once, later
 * @returns cancels the check; `done` is not called then
 */
export function converse(
  upstream: Upstream,
  script: Script,
  { clock, timeout }: { clock: Clock; timeout: number },
  done: (result: CheckResult) => void,
): () => void {
  if (upstream.unavailable !== undefined) {
    const cause = upstream.unavailable;
    return clock.after(0, () => done(brokenBy(cause)));
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
  const finish = (result: CheckResult): void => {
    if (isOver) return;
    stop();
    done(result);
  };
  const fail = (fault: string): void => finish(failed(fault, false));
  const cancelTimeout = clock.after(timeout, () => fail(`it did not respond within ${timeout} ms`));
  const read = (isEnd: boolean): void => {
    const next = script.read(received, isEnd);
    if (next === "wait") {
      if (isEnd) fail(REASONS.broken);
      else if (received.length > MOST_BYTES) fail(`its response is larger than ${MOST_BYTES / 1024} KiB`);
      else if (++pieces > MOST_PIECES) fail("its response arrives in too many pieces");
    } else if (Buffer.isBuffer(next)) stream.write(next);
    else if (next.fault === undefined) finish(PASSED);
    else fail(next.fault);
  };
  stream.handler = {
    onData(chunk) {
      if (isOver) return;
      received = Buffer.concat([received, chunk]);
      stream.consumed(chunk.length);
      read(false);
    },
    onEnd: () => void (isOver || read(true)),
    onReset: ({ cause }) => finish(brokenBy(cause)),
    onDrain() {},
  };
  stream.write(script.opening);
  return stop;
}

function brokenBy(cause: BreakCause): CheckResult {
  return cause === "full" ? { kind: "none" } : failed(REASONS[cause], cause !== "broken");
}

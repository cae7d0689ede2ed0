import { performance } from "node:perf_hooks";

/** Milliseconds between two checks whether the process is idle. */
const INTERVAL = 5_000;
/** A process whose event loop is busy for a larger share of the time serves requests, which must not wait. */
const IDLE_SHARE = 0.02;

export interface StartMemoryOptions {
  /** The busy share of the event loop since the last call, 0 to 1. */
  busyShare?: () => number;
  collect?: () => Promise<void>;
}

/**
 * Returns the memory that was only needed to load and start the command, once the process is idle. V8 keeps its young
 * generation as large as the start made it, about 10 MB, and an idle process makes no collection that would shrink it.
 * The collection takes about 50 ms.
 * @returns a function that cancels it.
 */
export function releaseStartMemory(options: StartMemoryOptions = {}): () => void {
  const { busyShare = eventLoopShare(), collect = collectGarbage } = options;
  const timer = setInterval(() => {
    if (busyShare() > IDLE_SHARE) return;
    clearInterval(timer);
    // Without an inspector, the memory stays in use.
    collect().catch(() => {});
  }, INTERVAL).unref();
  return () => clearInterval(timer);
}

function eventLoopShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

/** The inspector offers the only collection that needs no command-line option of Node.js, and that shrinks the heap. */
async function collectGarbage(): Promise<void> {
  const { Session } = await import("node:inspector/promises");
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.collectGarbage");
  session.disconnect();
}

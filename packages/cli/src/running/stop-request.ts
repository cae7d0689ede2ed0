import { closeSync, openSync } from "node:fs";
import { EXIT } from "../errors.js";

/** A request to stop this command: SIGTERM, Ctrl-C, or a closed terminal. */
export interface StopRequest {
  readonly requested: boolean;
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Resolves at the first signal. */
  readonly received: Promise<void>;
  /** Restores the default handling of the signals. */
  dispose(): void;
}

/** Listens for a request to stop. A SIGINT after it ends the process immediately, with exit code 130. */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    controller.abort();
    resolve();
  };
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interruptedTwice);
    stop();
  };
  const hangUp = (): void => {
    if (terminalIsGone()) stop();
  };
  process.on("SIGHUP", hangUp);
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", stop);
  // Signal handlers do not keep the process alive; a timer does.
  const alive = setInterval(() => {}, 2 ** 30);

  return {
    get requested() {
      return controller.signal.aborted;
    },
    signal: controller.signal,
    received: promise,
    dispose() {
      clearInterval(alive);
      process.off("SIGHUP", hangUp);
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", stop);
    },
  };
}

/** Whether a SIGHUP means that the terminal of this process was closed. Otherwise it asks for a reload. */
export function terminalIsGone(): boolean {
  if (!STARTED_IN_TERMINAL) return false;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}

const STARTED_IN_TERMINAL = process.stdout.isTTY === true || process.stderr.isTTY === true;

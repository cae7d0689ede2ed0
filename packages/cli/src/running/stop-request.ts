import { closeSync, openSync } from "node:fs";
import { EXIT } from "../errors.js";

/** Somebody's wish that this command ends: SIGTERM, Ctrl-C, or the end of the terminal that it runs in. */
export interface StopRequest {
  readonly requested: boolean;
  /** Aborted with the first signal. */
  readonly signal: AbortSignal;
  /** Resolves with the first signal. */
  readonly received: Promise<void>;
  /** Gives the signals their usual meaning back. */
  dispose(): void;
}

/** Listens for the wish to stop. A SIGINT after it ends the process at once, with exit code 130. */
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
  // A command that waits for this must not end because nothing else happens.
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

/** Whether SIGHUP means what its name says: the terminal in which this was started was closed. Else it asks for a reload. */
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

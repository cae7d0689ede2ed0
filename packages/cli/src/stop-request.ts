import { EXIT } from "./errors.js";

/** Somebody's wish that this command ends: SIGTERM or Ctrl-C. */
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
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", stop);
    },
  };
}

import { reloadOnChange, type ReloadOptions } from "./reload.js";
import type { Messages } from "../reporting/messages.js";
import type { Service } from "../service.js";
import { wrapped } from "../terminal/wrapped.js";
import { releaseStartMemory } from "./start-memory.js";
import { listenForStop } from "./stop-request.js";

const STOPPING = "Stopping after the requests in progress. Press Ctrl-C again to stop immediately.";

/** Prints that the command is stopping. */
export function announceStop(messages: Messages): void {
  messages.print("info", messages.paint.dim(wrapped(STOPPING, messages.columns)), { msg: STOPPING });
}

export interface RunOptions {
  /** In the order in which they start. They stop in reverse order. */
  services: readonly Service[];
  /** Called when a signal stops the command, before the first service stops. */
  onStopping?: () => void;
  /**
   * Reloads the services when the configuration changes. Default: never. `whileStopping`: also while they stop, so that
   * the removal of a credential during a drain ends its sessions. Default: false, because a reload would restart
   * endpoints.
   */
  reload?: Omit<ReloadOptions, "services" | "started"> & { whileStopping?: boolean };
  /** Work to do when all services run; the command stops when it is done. Default: run until a signal. */
  work?: () => Promise<void>;
}

/**
 * Runs `services` until a signal arrives, one of them ends, or `work` is done. Throws the error of a failed service.
 */
export async function runServices({ services, onStopping, reload, work }: RunOptions): Promise<void> {
  const stop = listenForStop();
  const started = Promise.withResolvers<void>();
  const ended = Promise.race(services.flatMap((service) => service.ended ?? []));
  // A service may fail while others are still starting. The error is thrown below, not as an unhandled rejection.
  ended.catch(() => {});
  // Set up at the beginning, because without a listener a SIGHUP during the start would end the process.
  const stopReloading =
    reload === undefined ? () => {} : reloadOnChange({ ...reload, services, started: started.promise });
  try {
    for (const service of services) await service.start();
    started.resolve();
    if (work !== undefined) return await work();
    const keepMemory = releaseStartMemory();
    await Promise.race([ended, stop.received]).finally(keepMemory);
    if (stop.requested) onStopping?.();
  } finally {
    if (reload?.whileStopping !== true) stopReloading();
    for (const service of services.toReversed()) await service.stop();
    stopReloading();
    stop.dispose();
  }
}

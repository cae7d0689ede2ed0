import type { Logger } from "pino";
import type { MemoryPressure } from "@postern/gateway";

const MEASURES = {
  shed: "idle connections are closed",
  close: "connections are closed after their response",
  evict: "the largest session of the owner that holds the most unread data is ended",
  refuse: "requests and clients are refused",
} as const satisfies Record<Exclude<MemoryPressure, "none">, string>;

/** Logs that the server is short of memory, and the countermeasures. */
export function logPressure(log: Logger, pressure: MemoryPressure): void {
  if (pressure === "none") log.info("memory is sufficient again");
  else log.warn({ pressure }, `memory is low: ${MEASURES[pressure]}; add memory or reduce the load`);
}

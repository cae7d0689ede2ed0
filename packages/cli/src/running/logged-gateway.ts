import type { Logger } from "pino";
import type { GatewayReports } from "./gateway-service.js";

/** Writes what happens to a gateway to the logs. */
export function gatewayLog(log: Logger, requestLog: Logger): Omit<GatewayReports, "onState"> {
  return {
    onRequest: (entry, visitor) => requestLog.info({ ...entry, ...visitor }, "request"),
    onOmitted: (omitted) => requestLog.info({ omitted }, "requests omitted"),
    onTargetFailure: ({ target, reason, count }) => log.warn({ target, count }, `target ${target}: ${reason}`),
    onFault: (err) => log.error({ err }, "a visitor's connection was closed: internal error"),
  };
}

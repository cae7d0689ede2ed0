import type { StatusEvent } from "@postern/client";
import type { Logger } from "pino";
import { isAlarming, targetChangeText } from "../reporting/target-change-text.js";
import { requestEvent, stateEvent, targetChangeEvent, targetFailureEvent } from "./gateway-events.js";
import type { GatewayReports } from "./gateway-service.js";

/** Writes what happens to a gateway to the logs, and reports it as events. */
export function gatewayLog(log: Logger, requestLog: Logger, report: (event: StatusEvent) => void): GatewayReports {
  return {
    onState(state, addresses) {
      if (state !== "listening") return;
      log.info({ address: addresses.address, secure_address: addresses.secureAddress }, "gateway listening");
      report(stateEvent(state, addresses));
    },
    onWarning: (text) => log.warn(text),
    onRequest(entry, visitor) {
      requestLog.info({ ...entry, ...visitor }, "request");
      report(requestEvent(entry));
    },
    onOmitted: (omitted) => requestLog.info({ omitted }, "requests omitted"),
    onTargetFailure(failure) {
      const { target, reason, count } = failure;
      log.warn({ target, count }, `target ${target}: ${reason}`);
      report(targetFailureEvent(failure));
    },
    onTargetChange(change) {
      log[isAlarming(change) ? "warn" : "info"](
        { target: change.target, route: change.route },
        targetChangeText(change),
      );
      report(targetChangeEvent(change));
    },
    onFault: (err) => log.error({ err }, "a visitor's connection was closed: internal error"),
  };
}

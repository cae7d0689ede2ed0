import type { StatusEvent, TunnelEventOf } from "@postern/client";
import type { TargetFailure } from "@postern/gateway";
import type { RoutedEntry, TargetReport } from "@postern/gateway/service";
import { targetChangeText } from "../reporting/target-change-text.js";
import { machineEvent } from "../terminal/terminal.js";
import type { GatewayAddresses, GatewayState } from "./gateway-service.js";

/** A request to the gateway as an event, in the form of a tunnel's. */
export function requestEvent(entry: RoutedEntry): TunnelEventOf<"http_request"> {
  const message = `${entry.method} ${entry.path} ${entry.status}`;
  return { time: new Date().toISOString(), type: "http_request", endpoint: "gateway", message, data: entry };
}

/** A new state of the gateway, with its addresses. */
export function stateEvent(state: GatewayState, { address, secureAddress }: GatewayAddresses): StatusEvent {
  const data = { state, address, ...(secureAddress === undefined ? {} : { secure_address: secureAddress }) };
  return machineEvent("status_update", "gateway", `${state}: ${address}`, data);
}

/** A target gets requests again, or gets none for a while. */
export function targetChangeEvent(report: TargetReport): StatusEvent {
  const { route, target, change, reason } = report;
  const data = { state: `target_${change}`, target, ...(route && { route }), ...(reason && { reason }) };
  return machineEvent("status_update", "gateway", targetChangeText(report), data);
}

/** A target cannot be reached. */
export function targetFailureEvent(failure: TargetFailure): StatusEvent {
  return machineEvent("status_update", "gateway", failure.reason, { state: "target_failing", ...failure });
}

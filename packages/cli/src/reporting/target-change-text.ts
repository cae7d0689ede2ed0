import type { TargetReport } from "@postern/gateway/service";

const TEXTS: Readonly<Record<TargetReport["change"], string>> = {
  up: "accepts connections again",
  unhealthy: "fails its health checks",
  healthy: "passes its health checks again",
  ejected: "gets no requests for a while",
  circuit_open: "gets no requests, because its circuit breaker is open: too many have failed",
  circuit_half_open: "gets a few requests, which test whether its circuit breaker closes",
  circuit_closed: "gets requests again: its circuit breaker is closed",
};

/** A sentence about a change of a target, without a full stop. */
export function targetChangeText(report: TargetReport): string {
  const { target, change, reason, route = "the route", areAllUnhealthy, areAllUnreachable } = report;
  const text = `Target ${target} ${TEXTS[change]}${reason === undefined ? "" : `: ${reason}`}`;
  if (areAllUnhealthy !== true) return text;
  if (areAllUnreachable === true) return `${text}. No target of ${route} can be reached`;
  return `${text}. All targets of ${route} fail them, so all are used; check the options of the health checks`;
}

/** Whether the owner of a target should look at it. */
export function isAlarming({ change }: TargetReport): boolean {
  return change === "unhealthy" || change === "ejected" || change === "circuit_open";
}

import type { LabelledTraffic } from "../records/labelled-traffic.js";
import { STATUS_CLASSES, type Traffic } from "../records/traffic.js";
import type { PoolMember } from "../upstream/pool-member.js";
import { PooledTarget } from "../upstream/pooled-target.js";
import { targetState, type TargetState } from "../upstream/target-report.js";
import type { Folder } from "./folders.js";
import type { GatewayRoute } from "./gateway-route.js";
import { nameOf, type Targets } from "./targets.js";
import type { RouteOptions } from "./service-options.js";

/** Requests by status class (`2xx`), and body bytes. */
export interface TrafficFigures {
  readonly requests: Readonly<Record<"1xx" | "2xx" | "3xx" | "4xx" | "5xx", number>>;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

export interface TargetFigures {
  readonly target: string;
  readonly state: TargetState;
  /** Requests in progress, of all routes. */
  readonly active: number;
  /** Finished requests per second, of all routes, in the last 10 seconds. */
  readonly requests_per_second: number;
  readonly weight: number;
  /** Milliseconds until its responses begin, a moving average; null if that is not known. */
  readonly latency_ms: number | null;
  /** The last failed request or health check; null if there was none. */
  readonly last_failure: { readonly reason: string; readonly time: string | null } | null;
}

export interface RouteFigures extends TrafficFigures {
  readonly route: string;
  readonly action: RouteOptions["action"]["kind"];
  readonly targets: readonly TargetFigures[];
}

/** The state of a gateway. Counters of labels that no route uses any more are kept, as Prometheus expects. */
export interface GatewayFigures {
  /** Open connections of visitors. */
  readonly connections: number;
  readonly routes: readonly RouteFigures[];
  readonly routeTraffic: readonly LabelledFigures[];
  readonly targetTraffic: readonly LabelledFigures[];
}

export interface LabelledFigures extends TrafficFigures {
  /** The name of the route, or of the target. */
  readonly label: string;
}

export interface FiguresSources {
  readonly connections: number;
  readonly routes: Iterable<GatewayRoute>;
  readonly targets: Targets;
  readonly routeTraffic: LabelledTraffic;
  readonly targetTraffic: LabelledTraffic;
  /** The present time in milliseconds of `performance.now()`. */
  readonly now: number;
}

export function gatewayFigures({
  connections,
  routeTraffic,
  targetTraffic,
  ...sources
}: FiguresSources): GatewayFigures {
  return {
    connections,
    routes: [...sources.routes].map((route) => routeFigures(route, sources)),
    routeTraffic: labelledFigures(routeTraffic),
    targetTraffic: labelledFigures(targetTraffic),
  };
}

type RateSources = Pick<FiguresSources, "targets" | "now">;

function routeFigures({ options, counted, targets, folder }: GatewayRoute, sources: RateSources): RouteFigures {
  return {
    route: options.name,
    action: options.action.kind,
    targets:
      folder === undefined
        ? targets.map((target) => targetFigures(target, sources))
        : [folderFigures(folder, sources.now)],
    ...trafficFigures(counted.traffic),
  };
}

function targetFigures(target: PoolMember, { targets, now }: RateSources): TargetFigures {
  const latency = target.latency?.at(now);
  return {
    target: nameOf(target),
    state: targetState(target),
    active: target.inUse,
    requests_per_second: rounded(targets.rateOf(target.upstream, now)),
    weight: target.weight,
    latency_ms: latency === undefined ? null : rounded(latency),
    last_failure: lastFailureOf(target),
  };
}

/** A health check that fails now comes before requests that have failed. */
function lastFailureOf(target: PoolMember): TargetFigures["last_failure"] {
  if (!(target instanceof PooledTarget)) return null;
  const fault = target.verdicts.find((verdict) => verdict.fault !== undefined)?.fault;
  if (fault !== undefined) return { reason: `health check: ${fault}`, time: null };
  const { lastFailure } = target.state;
  return lastFailure === undefined
    ? null
    : { reason: lastFailure.reason, time: new Date(lastFailure.at).toISOString() };
}

function folderFigures({ name, active, rate }: Folder, now: number): TargetFigures {
  const requests_per_second = rounded(rate.perSecond(now));
  return { target: name, state: "ok", active, requests_per_second, weight: 1, latency_ms: null, last_failure: null };
}

/** With one decimal. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function labelledFigures(traffic: LabelledTraffic): LabelledFigures[] {
  return [...traffic.all()].map(({ labels, traffic: sums }) => ({
    label: Object.values(labels)[0]!,
    ...trafficFigures(sums),
  }));
}

function trafficFigures({ requests, bytesIn, bytesOut }: Traffic): TrafficFigures {
  return {
    requests: Object.fromEntries(
      STATUS_CLASSES.map(([digit, name]) => [name, requests[digit]!]),
    ) as TrafficFigures["requests"],
    bytes_in: bytesIn,
    bytes_out: bytesOut,
  };
}

import { LabelledTraffic } from "../records/labelled-traffic.js";
import { Routes } from "./routes.js";
import type { RouteOptions } from "./service-options.js";
import { targetUpstream } from "./target-upstream.js";
import { Targets } from "./targets.js";

/** Checks routes without serving them. Connects to nothing. @throws RangeError that says what is not valid. */
export function checkRoutes(routes: readonly RouteOptions[]): void {
  const traffic = new LabelledTraffic(0, {});
  const tunnelUpstream = (): never => NO_TUNNEL as never;
  new Routes(new Targets((target) => targetUpstream(target, { tunnelUpstream }), traffic), traffic, () => {}).replace(
    routes,
  );
}

const NO_TUNNEL = {};

import { LabelledTraffic } from "../records/labelled-traffic.js";
import { Routes } from "./routes.js";
import type { RouteOptions } from "./service-options.js";
import { Targets } from "./targets.js";

const NO_TUNNEL = { unavailable: "gone", suspect: true, dial: refuse } as const;

function refuse(): never {
  throw new Error("the routes are only checked");
}

/** Checks routes without serving them. Connects to nothing. @throws RangeError that says what is not valid. */
export function checkRoutes(routes: readonly RouteOptions[]): void {
  const traffic = new LabelledTraffic(0, {});
  const checked = new Routes(new Targets({ tunnelUpstream: () => NO_TUNNEL }, traffic), traffic, () => {});
  checked.replace(routes);
  checked.replace([]);
}

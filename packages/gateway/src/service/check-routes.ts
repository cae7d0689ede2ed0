import { LabelledTraffic } from "../records/labelled-traffic.js";
import { Logins } from "../middleware/oidc/logins.js";
import { Folders } from "./folders.js";
import { Routes } from "./routes.js";
import type { RouteOptions } from "./service-options.js";
import { Targets } from "./targets.js";
import { UNDIALLED_TUNNEL } from "./tunnel-target.js";

/** Checks routes without serving them. Connects to nothing. @throws RangeError that says what is not valid. */
export function checkRoutes(routes: readonly RouteOptions[]): void {
  const traffic = new LabelledTraffic(0, {});
  const targets = new Targets({ tunnelUpstream: () => UNDIALLED_TUNNEL }, traffic);
  const cookieKey = (): string => "";
  const logins = new Logins({ secret: cookieKey });
  const checked = new Routes({ targets, folders: new Folders({}, traffic), cookieKey, logins }, traffic, () => {});
  checked.replace(routes);
  checked.replace([]);
}

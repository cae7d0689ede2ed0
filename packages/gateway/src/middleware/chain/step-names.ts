import { Logins } from "../oidc/logins.js";
import { namedSteps, routeSteps, type StepOptions } from "./route-steps.js";

/**
 * The names of the steps of a route, in the order in which a request passes them. Nothing is fetched.
 * @param host of the route, or a wildcard
 * @throws RangeError as `routeSteps`.
 */
export function stepNames(options: StepOptions | undefined, host?: string): string[] {
  if (options === undefined) return [];
  const key = (): string => "";
  const steps = routeSteps(namedSteps(options, "", key, host), { logins: new Logins({ secret: key }) });
  steps?.close();
  return steps === undefined ? [] : steps.names;
}

import { refusals } from "../../http/index.js";
import type { RespondRoute } from "../../route.js";
import { CallbackPages } from "../oidc/callback-pages.js";
import { LoginPaths } from "../oidc/login-paths.js";
import type { Logins } from "../oidc/logins.js";
import { Steps } from "./steps.js";

/** The route of all requests that `logins` owns. */
export function loginRoute(logins: Logins, onFinished?: RespondRoute["onFinished"]): RespondRoute {
  const steps = new Steps([new LoginPaths(logins, new CallbackPages(logins))]);
  return { kind: "respond", page: refusals.PN_ROUTE_UNKNOWN, steps, ...(onFinished && { onFinished }) };
}

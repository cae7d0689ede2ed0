import { refusals } from "../../http/index.js";
import type { RespondRoute } from "../../route.js";
import { Steps } from "../chain/steps.js";
import { CallbackPages } from "./callback-pages.js";
import { LoginPaths } from "./login-paths.js";
import type { Logins } from "./logins.js";

/** The route of all requests that `logins` owns. */
export function loginRoute(logins: Logins, onFinished?: RespondRoute["onFinished"]): RespondRoute {
  const steps = new Steps([new LoginPaths(logins, new CallbackPages(logins))]);
  return { kind: "respond", page: refusals.PN_ROUTE_UNKNOWN, steps, ...(onFinished && { onFinished }) };
}

import type { Step, StepRequest } from "../step.js";
import { withoutLogins } from "./login-cookies.js";

const COOKIE = ["cookie"];

/**
 * Removes the cookies of logins from requests. For routes without a login, whose hosts may have other routes with one:
 * a target that receives such a cookie could use it.
 */
export class LoginCookiesStep implements Step {
  readonly name = "login cookies";

  check(request: StepRequest): undefined {
    const cookies = withoutLogins(request.cookies());
    if (cookies !== undefined) request.edit({ names: COOKIE, lines: cookies === "" ? "" : `Cookie: ${cookies}\r\n` });
  }
}

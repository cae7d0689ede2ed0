import type { Step, StepRequest } from "../step.js";
import { withoutOwn } from "./own-cookies.js";

const NAMES = ["cookie"];

/**
 * Removes the cookies by which Postern knows visitors. A route without a password has this step, too, if others have
 * one: its target could use such a cookie.
 */
export class OwnCookiesStep implements Step {
  readonly name = "own cookies";

  check(request: StepRequest): undefined {
    const kept = withoutOwn(request.cookies());
    if (kept !== undefined) request.edit({ names: NAMES, lines: kept === "" ? "" : `Cookie: ${kept}\r\n` });
  }
}

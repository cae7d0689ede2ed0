import picocolors from "picocolors";
import type { Output } from "./output.js";

export type Paint = ReturnType<typeof picocolors.createColors>;

/** Colours for `output`: on terminals, unless NO_COLOR is set (no-color.org); FORCE_COLOR enables them everywhere. */
export function paintFor(output: Output, env: NodeJS.ProcessEnv): Paint {
  const wanted = env["FORCE_COLOR"] ? env["FORCE_COLOR"] !== "0" : output.terminal && env["TERM"] !== "dumb";
  return picocolors.createColors(wanted && !env["NO_COLOR"]);
}

/** Colours a status by its class. */
export function paintStatus(status: number, text: string, paint: Paint): string {
  if (status >= 500) return paint.red(text);
  if (status >= 400) return paint.yellow(text);
  if (status >= 300) return paint.cyan(text);
  return status >= 200 ? paint.green(text) : paint.magenta(text);
}

import { printable } from "../terminal/printable.js";
import type { Messages } from "./messages.js";
import { problemLines } from "./readable-log.js";

/** Prints the outcome of a reload. `data.problems` follow on lines of their own. */
export function printReload(
  messages: Messages,
  level: "info" | "warn" | "error",
  msg: string,
  data: Record<string, unknown>,
): void {
  const { paint } = messages;
  const text = level === "info" ? paint.dim(printable(msg)) : paint.yellow(printable(msg));
  messages.print(level, [text, ...problemLines(data["problems"])].join("\n"), { msg, ...data });
}

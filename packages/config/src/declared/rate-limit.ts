import { option } from "./declaration.js";
import { perMinute } from "../kinds/per-minute.js";
import { text } from "../kinds/text.js";

/** Options of rate limits that have the same meaning in `[proxy.access]` and in older files. */
export const requestsPerMinute = option(
  perMinute,
  "Maximum requests of a visitor per minute, on average. Default: any number.",
);

export const limitMessage = option(text(), "Message for visitors that exceed a limit.");

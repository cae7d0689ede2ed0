import type { Kind } from "./kind.js";
import { integer } from "./number.js";

const number = integer({ min: 1 });

/** A number per minute; on the command line and in the environment also `60/min`. */
export const perMinute: Kind<number> = {
  ...number,
  readText: (text) => number.readText(text.replace(/\s*\/\s*min(ute)?\s*$/i, "")),
};

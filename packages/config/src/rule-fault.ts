import type { Path } from "./path.js";

/** A conflict between several values, each of them valid by itself. */
export interface RuleFault {
  /** The value to change. */
  path: Path;
  message: string;
}

import type { Path } from "../file/path.js";

/** A violation of a rule about several values, each of which is valid alone. */
export interface RuleViolation {
  /** Position of the value to change. */
  path: Path;
  message: string;
}

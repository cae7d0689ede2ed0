/**
 * Why a request has no route:
 * - `unknown`: no route takes it (404)
 * - `method`: a route takes other methods (405)
 * - `path`: servers may read its path as one that another route takes, or it contains NUL (400)
 */
export type RouteFault = "unknown" | "method" | "path";

/** The result of a look-up. Reused, so read it before the next one. */
export class RouteFinding<T> {
  /** The value of the route; undefined with a fault. */
  value: T | undefined = undefined;
  fault: RouteFault | undefined = undefined;
  /** With the fault `method`: the methods that routes take, for the Allow field. */
  allowed = "";
}

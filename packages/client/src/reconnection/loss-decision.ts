import { isLimitCode, type TunnelError } from "@postern/protocol";

/** The meaning of an error for the next session. */
export type ErrorKind =
  /** The credential was refused, and there is another one. */
  | "renewable"
  /** The server has no room for this session. */
  | "full"
  /** A retry may succeed. */
  | "temporary"
  /** The same attempt fails again. */
  | "final";

/** The circumstances of a lost session or of a failed attempt to open one. */
export interface Loss {
  cause: "failed" | "lost";
  error: ErrorKind;
  server: "primary" | "fallback";
  /** Whether other sessions serve the tunnel. */
  others: boolean;
  /** Whether reconnection is enabled. */
  reconnects: boolean;
}

export type Decision =
  /** Try again at once, with the other credential. */
  | "attempt"
  /** Try again, at the server and time that the server selection chooses. */
  | "retry"
  /** Avoid this fallback for a while, then proceed as in `retry`. */
  | "avoid"
  /** Open no session until the tunnel has moved to another server or has been down: the server has no room for more. */
  | "rest"
  /** Open no session: the other sessions serve the tunnel until they are lost. */
  | "stop"
  /** The tunnel fails with the error. */
  | "fail";

/** The first rule whose conditions match decides. */
const RULES: readonly (readonly [conditions: Partial<Loss>, decision: Decision])[] = [
  // A server that accepts a login and then drops it gets no second credential at once, because that would be a loop.
  [{ cause: "failed", error: "renewable" }, "attempt"],
  [{ others: true, reconnects: false }, "stop"],
  [{ others: true, error: "full" }, "rest"],
  // A failed additional session is no reason to end the other sessions, and the refusal of a fallback is not final.
  [{ cause: "failed", error: "final", server: "primary", others: false }, "fail"],
  [{ cause: "lost", error: "final", server: "primary" }, "fail"],
  [{ cause: "lost", reconnects: false }, "fail"],
  [{ error: "final", server: "fallback" }, "avoid"],
];

/** Decides what to do after a loss. */
export function decide(loss: Loss): Decision {
  return RULES.find(([conditions]) => matches(loss, conditions))?.[1] ?? "retry";
}

function matches(loss: Loss, conditions: Partial<Loss>): boolean {
  return Object.entries(conditions).every(([key, value]) => loss[key as keyof Loss] === value);
}

/**
 * @param isRenewable whether there is another credential to try.
 * @param wasOpen whether the tunnel was open before. A full server that never granted the tunnel does not grant it on a
 *   retry either.
 */
export function errorKind({ code, retryable }: TunnelError, isRenewable: boolean, wasOpen: boolean): ErrorKind {
  if (isRenewable) return "renewable";
  if (isLimitCode(code) && wasOpen) return "full";
  return retryable ? "temporary" : "final";
}

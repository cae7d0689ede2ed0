import type { AttemptOutcome } from "./attempt.js";

/** The last failure of a target, for its owner. */
export interface LastFailure {
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const REASONS: Partial<Readonly<Record<AttemptOutcome, string>>> = {
  refused: "it refused the connection",
  timeout: "it did not accept the connection or respond in time",
  untrusted: "its certificate is not trusted",
  scheme: "it does not speak the configured protocol (TLS or plain)",
  gone: "the tunnel's client was lost",
  invalid: "its response is not valid HTTP",
};

/** Why an attempt failed. `status` is that of a response which has begun; 0: none has. */
export function failureReason(outcome: AttemptOutcome, status: number): string {
  if (outcome === "status") return `it responded with ${status}`;
  return REASONS[outcome] ?? `it closed the connection ${status === 0 ? "before" : "during"} its response`;
}

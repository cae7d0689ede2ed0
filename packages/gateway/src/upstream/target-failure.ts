import type { Outlier } from "../health/outliers.js";
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

/** Why a target is ejected that differs from the others of its pool. */
export function outlierReason({ cause, own, others }: Outlier): string {
  if (cause === "latency")
    return `its responses take ${Math.round(own)} ms, those of the other targets ${Math.round(others)} ms`;
  return `${percent(own)} of its last requests have succeeded, and ${percent(others)} of those to the other targets`;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

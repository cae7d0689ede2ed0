import type { Clock } from "../deadlines/clock.js";
import type { Upstream } from "../upstream/upstream.js";
import type { CheckOptions } from "./check-options.js";
import { converse, failed, PASSED, type CheckResult } from "./conversation.js";
import { httpCheck } from "./http-check.js";
import { webSocketCheck } from "./websocket-check.js";

/**
 * Checks a target once.
 * @param done called once, later
 * @returns cancels the check; `done` is not called then
 */
export function runCheck(
  options: CheckOptions,
  upstream: Upstream,
  clock: Clock,
  done: (result: CheckResult) => void,
): () => void {
  const { timeout } = options;
  const host = upstream.hostHeader ?? upstream.authority;
  if (options.kind === "http") return converse(upstream, httpCheck(options, host), { clock, timeout }, done);
  if (options.kind === "websocket") return converse(upstream, webSocketCheck(options, host), { clock, timeout }, done);
  const end = (fault: string | undefined): void => done(fault === undefined ? PASSED : failed(fault, true));
  if (upstream.connect !== undefined) return upstream.connect(timeout, end);
  // A tunnel that is full has a client.
  const fault = upstream.unavailable === "gone" ? "the tunnel's client is not connected" : undefined;
  return clock.after(0, () => end(fault));
}

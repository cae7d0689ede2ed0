import type { TracingOptions } from "@postern/gateway";
import type { Settings } from "../settings/configuration.js";

/** `[logging.trace_context]`; undefined: it is not enabled. */
export function tracingOptions({ loaded }: Settings): TracingOptions | undefined {
  const { enabled, accept, sampled } = loaded.values.logging.trace_context;
  return enabled ? { trust: accept, sampled } : undefined;
}

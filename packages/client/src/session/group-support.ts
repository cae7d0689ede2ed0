import { FEATURES, TunnelError } from "@postern/protocol";
import type { ConnectOptions } from "../options.js";

/**
 * Checks that the server knows what a client wishes for its group: an older server would ignore that it wants to join,
 * and replace the clients that serve the name, or ignore its strategy. @throws TunnelError PN_UNSUPPORTED.
 */
export function checkGroupSupport(
  { join = false, strategy }: Pick<ConnectOptions, "join" | "strategy">,
  features: readonly string[],
): void {
  if (join && !features.includes(FEATURES.groups))
    throw new TunnelError(
      "PN_UNSUPPORTED",
      "the server is too old for --join: it cannot let several clients serve a name together",
    );
  if (strategy !== undefined && !features.includes(FEATURES.groupState))
    throw new TunnelError(
      "PN_UNSUPPORTED",
      "the server is too old for --strategy: start the client without it, and the server's own strategy applies",
    );
}

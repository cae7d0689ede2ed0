import { FEATURES, TunnelError } from "@postern/protocol";

/**
 * Checks that the server lets clients join others, for a client that wants to. An older server would ignore the wish,
 * and replace the clients that serve the name. @throws TunnelError PN_UNSUPPORTED.
 */
export function checkGroupSupport(join: boolean, features: readonly string[]): void {
  if (join && !features.includes(FEATURES.groups))
    throw new TunnelError(
      "PN_UNSUPPORTED",
      "the server is too old for --join: it cannot let several clients serve a name together",
    );
}

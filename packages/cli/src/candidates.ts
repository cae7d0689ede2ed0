import { endpointLabel } from "@postern/config";
import type { Given, Settings } from "./configuration.js";
import { endpointWish, typedLabel, typedWish, type EndpointWishes } from "./endpoint-wishes.js";
import { CliError } from "./errors.js";
import { typedEndpoint } from "./typed-endpoint.js";

/** An endpoint that is to be tried, and not to be opened. */
export interface Candidate {
  label: string;
  /** Throws what reading the credential throws. */
  wish: () => Promise<EndpointWishes>;
}

const NOTHING = [
  "Say which one:     --server https://tunnel.example.com",
  "Or in a file:      [[tunnel.endpoints]] with its server_url",
].join("\n");

/**
 * What was typed, else every endpoint of the file, else what the environment says. Throws PN_SERVER_MISSING when there is none.
 * @param local the local service of an endpoint that is not in the file.
 */
export function candidates(given: Given, settings: Settings, local: string | number): Candidate[] {
  const { endpoints } = settings.loaded.values.tunnel;
  const isTyped = given.flags["--server"] !== undefined || given.flags["--subdomain"] !== undefined;
  if (!isTyped && endpoints.length > 0)
    return endpoints.map((endpoint, index) => ({
      label: endpointLabel(endpoint, index),
      wish: () => endpointWish(settings, index),
    }));
  const typed = typedEndpoint(given);
  if (typed.server_url === undefined && endpoints.length === 0)
    throw new CliError("PN_SERVER_MISSING", "No server is given.", NOTHING);
  return [{ label: typedLabel(typed), wish: () => typedWish(typed, local, settings) }];
}

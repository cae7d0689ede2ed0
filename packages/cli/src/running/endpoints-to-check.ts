import { endpointLabel } from "@postern/config";
import type { Given, Settings } from "../settings/configuration.js";
import { endpointWish, typedLabel, typedWish, type EndpointWishes } from "./endpoint-specs.js";
import { CliError } from "../errors.js";
import { exposure } from "../settings/server-choice.js";
import { typedEndpoint } from "../settings/command-line-endpoint.js";

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
    return endpoints.flatMap((endpoint, index) => {
      const label = endpointLabel(endpoint, index);
      const wish = (): Promise<EndpointWishes> => endpointWish(settings, index);
      const fallbacks = endpoint.fallback_urls.map((server, at) => ({
        label: `${label}, fallback ${at + 1}`,
        wish: async () => atServer(await wish(), server),
      }));
      return [{ label, wish }, ...fallbacks];
    });
  const typed = typedEndpoint(given);
  if (typed.server_url === undefined && endpoints.length === 0)
    throw new CliError("PN_SERVER_MISSING", "No server is given.", NOTHING);
  return [{ label: typedLabel(typed), wish: () => typedWish(typed, local, settings) }];
}

/** What there is to warn of beside the server is told where the first one is tried. */
function atServer(wished: EndpointWishes, server: string): EndpointWishes {
  const wishes = wished.wishes.map(({ label, options }) => ({ label, options: { ...options, server } }));
  const warning = exposure(server);
  return { ...wished, wishes, warnings: warning === undefined ? [] : [warning] };
}

import { endpointLabel } from "@postern/config";
import { CliError } from "../errors.js";
import { commandLineEndpoint } from "../settings/command-line-endpoint.js";
import type { Given, Settings } from "../settings/configuration.js";
import { localTarget, type LocalTarget } from "../settings/local-target.js";
import { exposure } from "../settings/server-choice.js";
import {
  commandLineLabel,
  loadCommandLineSpec,
  loadEndpointSpec,
  type EndpointSpec,
  type EndpointSpecs,
} from "./endpoint-specs.js";

/** An endpoint whose login is checked without opening a tunnel. */
export interface EndpointToCheck {
  label: string;
  /** Throws CliError or TlsError when its credential cannot be read. */
  load: () => Promise<CheckableEndpoint>;
}

export interface CheckableEndpoint {
  options: EndpointSpec["options"];
  warnings: string[];
}

const FIX = [
  "On the command line:  --server https://tunnel.example.com",
  "In postern.toml:      server_url in [[tunnel.endpoints]]",
].join("\n");

/**
 * Lists the endpoints to check: the one of the command line, otherwise those of the file, otherwise the one of the
 * environment. Each fallback server is an endpoint of its own. Throws PN_SERVER_MISSING when there is none.
 * @param target the local service of an endpoint that is not in the file. Default: any, because none is dialled.
 */
export function endpointsToCheck(
  given: Given,
  settings: Settings,
  target: LocalTarget = localTarget("80"),
): EndpointToCheck[] {
  const { endpoints } = settings.loaded.values.tunnel;
  const isOnCommandLine = given.flags["--server"] !== undefined || given.flags["--subdomain"] !== undefined;
  if (!isOnCommandLine && endpoints.length > 0)
    return endpoints.flatMap((endpoint, index) => {
      const label = endpointLabel(endpoint, index);
      const load = async (): Promise<CheckableEndpoint> => single(await loadEndpointSpec(settings, index));
      const fallbacks = endpoint.fallback_urls.map((server, at) => ({
        label: `${label}, fallback ${at + 1}`,
        load: async () => atServer(await load(), server),
      }));
      return [{ label, load }, ...fallbacks];
    });
  const endpoint = commandLineEndpoint(given);
  if (endpoint.server_url === undefined && endpoints.length === 0)
    throw new CliError("PN_SERVER_MISSING", "No server is given.", FIX);
  const load = async (): Promise<CheckableEndpoint> => single(await loadCommandLineSpec(endpoint, target, settings));
  return [{ label: commandLineLabel(endpoint), load }];
}

function single({ specs, warnings }: EndpointSpecs): CheckableEndpoint {
  const [{ options }] = specs as [EndpointSpec];
  return { options, warnings };
}

/**
 * The endpoint with one of its servers and the warning about it. All other warnings are reported with the first server.
 */
function atServer({ options }: CheckableEndpoint, server: string): CheckableEndpoint {
  const warning = exposure(server);
  return { options: { ...options, server }, warnings: warning === undefined ? [] : [warning] };
}

import type { ConnectOptions } from "@postern/client";
import { endpointLabel } from "@postern/config";
import { loadEndpointCredential } from "./client-credential.js";
import { loadClientTrust } from "./client-trust.js";
import type { Settings } from "./configuration.js";
import { connectionOptions } from "./connect-options.js";
import { exposure } from "./server-choice.js";

/** An endpoint as it is configured: what `connect` is to be asked for. */
export interface EndpointWish {
  /** What log and events call it. */
  label: string;
  options: ConnectOptions;
}

export interface EndpointWishes {
  wishes: EndpointWish[];
  /** Files that their credentials come from. */
  files: string[];
  /** What their author should know. */
  warnings: string[];
}

/** The endpoints of the file. Throws what reading their credentials throws. */
export async function endpointWishes(settings: Settings): Promise<EndpointWishes> {
  const { tunnel } = settings.loaded.values;
  const wishes: EndpointWish[] = [];
  const files = new Set<string>();
  const warnings = new Set<string>();
  const trust = await loadClientTrust(settings);
  for (const each of trust.files) files.add(each);
  if (tunnel.enabled && tunnel.endpoints.length > 0) for (const each of trust.warnings) warnings.add(each);
  for (const [index, endpoint] of tunnel.enabled ? tunnel.endpoints.entries() : []) {
    const credential = await loadEndpointCredential(settings, index);
    for (const file of credential.files) files.add(file);
    const server = endpoint.server_url as string;
    for (const each of [...credential.warnings, exposure(server)]) if (each !== undefined) warnings.add(each);
    const label = endpointLabel(endpoint, index);
    const local = endpoint.local ?? `${tunnel.local_host}:${tunnel.local_port}`;
    wishes.push({
      label,
      options: {
        ...connectionOptions(endpoint, tunnel),
        name: label,
        server,
        local,
        ...credential.options,
        tls: { ...trust.tls, ...credential.options.tls },
      },
    });
  }
  return { wishes, files: [...files], warnings: [...warnings] };
}

import type { ConnectOptions } from "@postern/client";
import { endpointLabel } from "@postern/config";
import { loadEndpointKey } from "./client-key.js";
import type { Settings } from "./configuration.js";
import { connectionOptions } from "./connect-options.js";
import { exposure } from "./server-choice.js";

/** An endpoint as it is configured: what `connect` is to be asked for. */
export interface EndpointWish {
  /** What log and events call it. */
  label: string;
  options: ConnectOptions;
}

/** The endpoints of the file, and what their author should know. Throws what reading their keys throws. */
export async function endpointWishes(settings: Settings): Promise<{ wishes: EndpointWish[]; warnings: string[] }> {
  const { tunnel } = settings.loaded.values;
  const wishes: EndpointWish[] = [];
  const warnings = new Set<string>();
  for (const [index, endpoint] of tunnel.enabled ? tunnel.endpoints.entries() : []) {
    const { key, warning } = await loadEndpointKey(settings, index);
    const server = endpoint.server_url as string;
    for (const each of [warning, exposure(server)]) if (each !== undefined) warnings.add(each);
    const label = endpointLabel(endpoint, index);
    const local = endpoint.local ?? `${tunnel.local_host}:${tunnel.local_port}`;
    wishes.push({
      label,
      options: { ...connectionOptions(endpoint, tunnel), name: label, server, apiKey: key, local },
    });
  }
  return { wishes, warnings: [...warnings] };
}

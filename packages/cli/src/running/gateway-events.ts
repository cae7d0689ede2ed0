import type { TunnelEventOf } from "@postern/client";
import type { RoutedEntry } from "@postern/gateway/service";

/** A request to the gateway as an event, in the form of a tunnel's. */
export function requestEvent(entry: RoutedEntry): TunnelEventOf<"http_request"> {
  const message = `${entry.method} ${entry.path} ${entry.status}`;
  return { time: new Date().toISOString(), type: "http_request", endpoint: "gateway", message, data: entry };
}

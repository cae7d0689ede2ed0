import { orderDifferences } from "@postern/gateway";
import { loadGateway } from "../../running/configured-gateway.js";
import { routesOf } from "../../running/configured-routes.js";
import { servesStaticFiles } from "../../running/served-folders.js";
import type { Settings } from "../../settings/configuration.js";

/** Checks routes, certificates and keys as `postern serve` does. Each check returns warnings, or throws. */
export function gatewayChecks(settings: Settings): (() => Promise<string[]> | string[])[] {
  return [async () => (await loadGateway(settings)).warnings, () => unreachedFiles(settings)];
}

/** Warns if a route takes every request, so that `[static_config]` gets none. */
function unreachedFiles(settings: Settings): string[] {
  const { loaded } = settings;
  if (!servesStaticFiles(settings)) return [];
  const index = loaded.values.proxy.findIndex(
    ({ path = "/*", host, methods, headers, query, client_ips: clients }) =>
      path === "/*" &&
      host === undefined &&
      methods.length + clients.length + Object.keys(headers).length + Object.keys(query).length === 0,
  );
  if (index < 0) return [];
  const place = loaded.file?.place(["proxy", index]) ?? `route ${index + 1}`;
  return [`[static_config] serves nothing: the route /* (${place}) takes every request.`];
}

/** Notes about requests that go to another route than the first one of the file that takes them. */
export function routeOrderNotes({ loaded }: Settings): string[] {
  const routes = routesOf(loaded.values, {});
  return orderDifferences(routes.map(({ match }) => match)).map(({ first, mostSpecific, example }) => {
    const { method, host, path } = example;
    const isForHost = routes[mostSpecific]?.match.host !== undefined;
    const request = `${method} ${isForHost ? `http://${host}` : ""}${path}`;
    const place = (index: number): string => loaded.file?.place(["proxy", index]) ?? `route ${index + 1}`;
    const names = [mostSpecific, first].map((index) => routes[index]?.name);
    return `${place(mostSpecific)}: ${request} goes to ${names[0]}, although ${names[1]} (${place(first)}) comes first: the most specific route is used, not the first one.`;
  });
}

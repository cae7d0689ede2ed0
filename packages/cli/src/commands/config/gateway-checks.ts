import { statSync } from "node:fs";
import { orderDifferences } from "@postern/gateway";
import { loadGateway } from "../../running/configured-gateway.js";
import { routesOf } from "../../running/configured-routes.js";
import type { Settings } from "../../settings/configuration.js";

/** Checks routes, certificates and keys as `postern serve` does. Each check returns warnings, or throws. */
export function gatewayChecks(settings: Settings): (() => Promise<string[]> | string[])[] {
  return [async () => (await loadGateway(settings)).warnings, () => missingFolder(settings)];
}

/** The folder of static files is not used yet, so a missing one is not an error. */
function missingFolder(settings: Settings): string[] {
  const { loaded } = settings;
  const isUsed = loaded.resolution.sections.some(({ path }) => path[0] === "static_config");
  const folder = settings.pathOf(loaded.values.static_config.directory, "static_config", "directory");
  if (!isUsed || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return [];
  return [`${folder} is not a folder (directory in [static_config]). Create it, or set another folder.`];
}

/** Notes about requests that go to another route than the first one of the file that takes them. */
export function routeOrderNotes({ loaded }: Settings): string[] {
  const routes = routesOf(loaded.values, []);
  return orderDifferences(routes.map(({ match }) => match)).map(({ first, mostSpecific, example }) => {
    const { method, host, path } = example;
    const isForHost = routes[mostSpecific]?.match.host !== undefined;
    const request = `${method} ${isForHost ? `http://${host}` : ""}${path}`;
    const place = (index: number): string => loaded.file?.place(["proxy", index]) ?? `route ${index + 1}`;
    const names = [mostSpecific, first].map((index) => routes[index]?.name);
    return `${place(mostSpecific)}: ${request} goes to ${names[0]}, although ${names[1]} (${place(first)}) comes first: the most specific route is used, not the first one.`;
  });
}

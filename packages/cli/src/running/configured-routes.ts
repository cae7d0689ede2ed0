import { resolve as resolvePath } from "node:path";
import type { Configuration, RouteConfiguration } from "@postern/config";
import type { RouteOptions, StepOptions, TargetOptions, WeightedTarget } from "@postern/gateway/service";
import { parseAuthority } from "@postern/gateway";
import type { ClientTls } from "@postern/net";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { balanceOf } from "../targets/target-balance.js";
import { checksOf, healthOf, type HasTable } from "../targets/target-health.js";
import { filesOptions, servesStaticFiles } from "./served-folders.js";

type Action = RouteOptions["action"];

/** What files say about the routes of `[[proxy]]`, each in the order of the routes. */
export interface RouteFiles {
  trusts?: readonly (ClientTls | undefined)[];
  steps?: readonly (StepOptions | undefined)[];
  accessLogs?: readonly RouteOptions["accessLog"][];
}

/** Facts about routes that are not values of options. */
interface RouteFacts {
  folderOf?: Settings["pathOf"];
  /** Whether the route with this number has a table with this name. */
  hasTable?: (index: number, name: string) => boolean;
}

/** The routes of `[[proxy]]`, and then that of `[static_config]`. Throws PN_CONFIG_INVALID. */
export function configuredRoutes(settings: Settings, files: RouteFiles): RouteOptions[] {
  const { values } = settings.loaded;
  const hasTable = (index: number, name: string): boolean => settings.loaded.hasTable("proxy", index, name);
  const routes = routesOf(values, files, { folderOf: (...named) => settings.pathOf(...named), hasTable });
  return servesStaticFiles(settings)
    ? [...routes, staticRoute(settings, new Set(routes.map(({ name }) => name)))]
    : routes;
}

/** The routes of `[[proxy]]`. */
export function routesOf(
  { proxy, server }: Configuration,
  { trusts = [], steps = [], accessLogs = [] }: RouteFiles,
  { folderOf = (directory) => directory, hasTable = () => false }: RouteFacts = {},
): RouteOptions[] {
  const names = new Set<string>();
  return proxy.map((route, index) => ({
    name: uniqueName(route, names),
    match: {
      path: route.path ?? "/*",
      ...(route.host === undefined ? {} : { host: route.host }),
      ...(route.methods.length === 0 ? {} : { methods: route.methods }),
      ...(Object.keys(route.headers).length === 0 ? {} : { headers: lowerCase(route.headers) }),
      ...(Object.keys(route.query).length === 0 ? {} : { query: new Map(Object.entries(route.query)) }),
      ...(route.client_ips.length === 0 ? {} : { clientIps: route.client_ips }),
    },
    ...(steps[index] === undefined ? {} : { steps: steps[index] }),
    ...(accessLogs[index] === undefined ? {} : { accessLog: accessLogs[index] }),
    action: actionOf(route, server, {
      trust: trusts[index],
      folderOf: (directory) => folderOf(directory, "proxy", index, "files", "directory"),
      hasTable: (name) => hasTable(index, name),
    }),
  }));
}

/** The files that are served where no route takes a request. */
function staticRoute(settings: Settings, names: Set<string>): RouteOptions {
  const { loaded } = settings;
  const { directory, ...files } = loaded.values.static_config;
  // A table in a file has the fallback and the order of the older program. A folder on the command line serves exactly
  // its files.
  const isInFile = loaded.file?.values["static_config"] !== undefined;
  const isGiven = loaded.origin("static_config", "fallback").from !== "default";
  const path = resolvePath(settings.pathOf(directory, "static_config", "directory"));
  return {
    name: unusedName("/*", names),
    match: { path: "/*" },
    afterEndpoints: isInFile,
    action: {
      kind: "files",
      files: filesOptions(isInFile || isGiven ? files : { ...files, fallback: undefined }, path),
      stripPrefix: false,
    },
  };
}

/** Methods, host and path: what an operator looks for in a log. */
function uniqueName({ host = "", path = "/*", methods }: RouteConfiguration, names: Set<string>): string {
  return unusedName([...(methods.length === 0 ? [] : [methods.join("|")]), host + path].join(" "), names);
}

function unusedName(text: string, names: Set<string>): string {
  let name = text;
  for (let number = 2; names.has(name); number++) name = `${text} (${number})`;
  names.add(name);
  return name;
}

function actionOf(
  route: RouteConfiguration,
  server: Configuration["server"],
  facts: { trust: ClientTls | undefined; folderOf: (directory: string) => string; hasTable: HasTable },
): Action {
  const { trust, folderOf, hasTable } = facts;
  const { redirect, respond, files, rewrite, strip_prefix: stripPrefix } = route;
  if (redirect.to !== undefined) return { kind: "redirect", to: redirect.to, status: redirect.status };
  if (respond.status !== undefined) return { kind: "respond", status: respond.status, text: respond.text ?? "" };
  if (files.directory !== undefined) {
    const options = filesOptions(files, resolvePath(folderOf(files.directory)));
    return { kind: "files", files: options, stripPrefix, ...(rewrite === undefined ? {} : { rewrite }) };
  }
  const hostHeader = hostOf(route);
  const answer = route.timeout ?? server.request_timeout;
  return {
    kind: "forward",
    targets: targetsOf(route, { trust, connectTimeout: connectTimeout(route, answer) }),
    ...balanceOf(route),
    ...healthOf(route, hasTable),
    ...checksOf(route, hasTable, hostHeader),
    stripPrefix,
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(hostHeader === undefined ? {} : { hostHeader }),
    limits: {
      answer,
      idle: route.idle_timeout,
      body: bodyLimit(route.max_request_size_mb ?? server.max_request_size_mb),
    },
  };
}

/** The largest body of a request, in bytes. */
export function bodyLimit(megabytes: number): number {
  return megabytes * 1_000_000;
}

function targetsOf(
  { target, targets, ssl, resolve }: RouteConfiguration,
  { trust, connectTimeout }: Pick<TargetOptions, "trust" | "connectTimeout">,
): WeightedTarget[] {
  const all = target === undefined ? targets : [{ url: target, weight: 1 }];
  return all.map(({ url: given = "", weight }) => {
    const url = ssl.enabled && ssl.backend_ssl ? given.replace(/^http:/, "https:") : given;
    // Options that a target does not use must not tell it from the same target of another route.
    return {
      url,
      ...(url.startsWith("tunnel:") ? {} : { connectTimeout }),
      ...(weight === 1 ? {} : { weight }),
      ...(resolve === "one" ? {} : { resolve }),
      ...(trust === undefined || !url.startsWith("https:") ? {} : { trust }),
    };
  });
}

/** If a target accepts no connection, there must be time left for another one. `answer` is 0 for no limit. */
function connectTimeout({ targets, resolve, connection_timeout }: RouteConfiguration, answer: number): number {
  if (answer === 0) return connection_timeout;
  const mayFailOver = targets.length > 1 || resolve === "all";
  return Math.min(connection_timeout, mayFailOver ? answer / 2 : answer);
}

function hostOf({ middleware }: RouteConfiguration): string | undefined {
  const given = middleware.headers.override_host;
  if (given === undefined) return undefined;
  const authority = parseAuthority(given);
  if (authority !== undefined) return authority.text;
  throw new CliError("PN_CONFIG_INVALID", `override_host ${JSON.stringify(given)} is not a host or host:port.`);
}

function lowerCase(fields: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}

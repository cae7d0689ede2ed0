import type { Configuration, RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import { clientCertificateViolations } from "./client-certificate-rules.js";
import type { RuleViolation } from "./rule-violation.js";
import { transformViolations } from "./transform-rules.js";
import { accessViolations, limitViolations, setsLimits } from "./access-rules.js";

/** Checks the routes of the gateway. */
export function* routeViolations(
  { proxy, server, tunnel }: Configuration,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  for (const [index, route] of proxy.entries()) {
    const path = ["proxy", index];
    if (route.path === undefined && route.host === undefined)
      yield { path, message: 'this [[proxy]] has no path and no host. Add one of them: path = "/api/*"' };
    yield* actionViolations(route, path);
    yield* targetViolations(route, path, tunnel.server.enabled);
    yield* redirectViolations(route, path);
    yield* folderViolations(route, path, originOf);
    yield* fileViolations(route, path);
    if (route.client_ips.length === 0 && originOf([...path, "client_ips"]) !== "default")
      yield { path: [...path, "client_ips"], message: "client_ips is empty. List addresses, or remove it." };
    yield* accessViolations(route.access, [...path, "access"], originOf);
    yield* clientCertificateViolations(route, path, { isSecure: server.ssl.enabled, earlier: proxy.slice(0, index) });
    yield* olderLimitViolations(route, path, originOf);
    yield* credentialViolations(route, [...path, "middleware", "auth"]);
    yield* transformViolations(route, path);
    if (route.http_health.method === "HEAD" && route.http_health.expected_body !== undefined)
      yield { path: [...path, "http_health"], message: 'a response to HEAD has no body. Set method = "GET"' };
    const { max_latency_ratio: latencyRatio } = route.passive_health;
    if (latencyRatio > 0 && latencyRatio < 1) {
      const message = "a max_latency_ratio below 1 ejects targets of average speed. Write 3, or 0 to turn it off.";
      yield { path: [...path, "passive_health", "max_latency_ratio"], message };
    }
    if (route.strategy !== "hash" && originOf([...path, "hash_key"]) !== "default")
      yield { path: [...path, "hash_key"], message: 'hash_key needs the strategy "hash". Add: strategy = "hash"' };
  }
}

/** The options that say where requests go. */
function actionsOf({ target, targets, redirect, respond, files }: RouteConfiguration): string[] {
  return [
    ...(target === undefined ? [] : ["target"]),
    ...(targets.length === 0 ? [] : ["targets"]),
    ...(redirect.to === undefined ? [] : ["redirect"]),
    ...(respond.status === undefined && respond.text === undefined ? [] : ["respond"]),
    ...(files.directory === undefined ? [] : ["files"]),
  ];
}

/** A route goes to one place. */
function* actionViolations(route: RouteConfiguration, path: Path): Generator<RuleViolation> {
  const { respond, rewrite } = route;
  const given = actionsOf(route);
  if (given.length === 0)
    yield { path, message: 'this [[proxy]] has no target. Add one: target = "http://localhost:3000"' };
  if (given.length > 1)
    yield { path: [...path, given[1]!], message: `${given.join(" and ")} exclude each other. Keep one of them.` };
  if (respond.text !== undefined && respond.status === undefined)
    yield { path: [...path, "respond"], message: "a response needs a status. Add one: status = 200" };
  if (rewrite !== undefined && (given.includes("redirect") || given.includes("respond")))
    yield { path: [...path, "rewrite"], message: "rewrite is only allowed with a target or with files. Remove it." };
}

function* targetViolations(
  { target, targets }: RouteConfiguration,
  path: Path,
  runsServer: boolean,
): Generator<RuleViolation> {
  const places: [string | undefined, Path][] = [
    [target, [...path, "target"]],
    ...targets.map(({ url }, number): [string | undefined, Path] => [url, [...path, "targets", number]]),
  ];
  const seen = new Set<string>();
  for (const [url, place] of places) {
    if (url === undefined) {
      if (place.at(-1) !== "target")
        yield { path: place, message: 'this target has no url. Add one: url = "http://localhost:3000"' };
      continue;
    }
    if (seen.has(url)) yield { path: place, message: `${url} is listed twice. Remove one of them.` };
    seen.add(url);
    if (url.startsWith("tunnel://") && !runsServer)
      yield { path: place, message: `${url} needs the server of this file. Set enabled = true in [tunnel.server].` };
  }
}

function* redirectViolations({ redirect, host }: RouteConfiguration, path: Path): Generator<RuleViolation> {
  if (redirect.to?.includes("{host}") !== true || host !== undefined) return;
  const message = "{host} needs a route with host: without one, visitors could choose where the redirect leads.";
  yield { path: [...path, "redirect", "to"], message };
}

function* folderViolations(
  route: RouteConfiguration,
  path: Path,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  const { files, rewrite, strip_prefix } = route;
  if (files.directory === undefined) {
    if (Object.keys(files).some((name) => originOf([...path, "files", name]) !== "default"))
      yield { path: [...path, "files"], message: 'these files have no directory. Add one: directory = "./public"' };
    return;
  }
  const isOnePath = route.path !== undefined && !route.path.endsWith("*");
  if (!isOnePath || !strip_prefix || rewrite !== undefined || actionsOf(route).length > 1) return;
  const message = `files with strip_prefix needs a path that ends with /*. Write ${JSON.stringify(`${route.path!.replace(/\/$/, "")}/*`)}, or set strip_prefix = false to serve only the file at this path.`;
  yield { path: [...path, "path"], message };
}

function* credentialViolations({ middleware: { auth } }: RouteConfiguration, path: Path): Generator<RuleViolation> {
  const { bearer_token, basic_auth, custom_auth_header, api_key } = auth;
  if (bearer_token !== undefined && basic_auth !== undefined)
    yield {
      path: [...path, "basic_auth"],
      message: "bearer_token and basic_auth exclude each other. Keep one of them.",
    };
  if (basic_auth !== undefined && !basic_auth.includes(":"))
    yield { path: [...path, "basic_auth"], message: 'basic_auth must have the form "user:password".' };
  if (custom_auth_header.length !== 0 && custom_auth_header.length !== 2)
    yield { path: [...path, "custom_auth_header"], message: 'custom_auth_header must be ["name", "value"].' };
  if ((api_key.header_name === undefined) !== (api_key.key_value === undefined))
    yield {
      path: [...path, "api_key"],
      message: "header_name and key_value must be set together. Set both or neither.",
    };
}

function* olderLimitViolations(
  { access, middleware }: RouteConfiguration,
  path: Path,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  const place = [...path, "middleware", "rate_limit"];
  if (!setsLimits(middleware.rate_limit, place, originOf)) return;
  yield* limitViolations(middleware.rate_limit, place, originOf);
  if (!setsLimits(access.rate_limit, [...path, "access", "rate_limit"], originOf)) return;
  const message = "[proxy.access.rate_limit] and [proxy.middleware.rate_limit] are both set. Keep one of them.";
  yield { path: place, message };
}

function* fileViolations({ cert_file, key_file, ssl }: RouteConfiguration, path: Path): Generator<RuleViolation> {
  if ((cert_file === undefined) !== (key_file === undefined))
    yield { path, message: "cert_file and key_file must be set together. Set both or neither." };
  if ((ssl.client_cert_file === undefined) !== (ssl.client_key_file === undefined)) {
    const message = "client_cert_file and client_key_file must be set together. Set both or neither.";
    yield { path: [...path, "ssl"], message };
  }
}

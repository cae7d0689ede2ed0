import type { RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import { isListUrl } from "../kinds/address-source.js";
import type { RuleViolation } from "./rule-violation.js";
import { visitorTokenViolations } from "./token-rules.js";
import { webhookViolations } from "./webhook-rules.js";

type Access = RouteConfiguration["access"];
type Limits = Access["rate_limit"] | RouteConfiguration["middleware"]["rate_limit"];

/** Checks the access table of a route, of an endpoint or of all tunnels. */
export function* accessViolations(
  access: Access,
  path: Path,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  yield* emptyViolations(access, path, originOf);
  yield* limitViolations(access.rate_limit, [...path, "rate_limit"], originOf);
  yield* visitorTokenViolations(access, path, originOf);
  if (access.rate_limit.by_user && !knowsUsers(access, hasLogins(access, path, originOf))) {
    const message =
      "by_user needs a login that names the user: basic_auth, jwt, oidc, forward_auth with response_fields, or client_ca_file.";
    yield { path: [...path, "rate_limit", "by_user"], message };
  }
  yield* webhookViolations(access, path, originOf);
  if (access.forward_auth.url === undefined && originOf([...path, "forward_auth", "response_fields"]) !== "default")
    yield {
      path: [...path, "forward_auth"],
      message: 'forward_auth has no url. Add one: url = "http://localhost:9091/verify"',
    };
}

/** Checks what tunnels do not support: in the table of an endpoint, and in that of all tunnels. */
export function* tunnelAccessViolations(access: Access, path: Path): Generator<RuleViolation> {
  const name = (["client_ca_file", "client_crl_file"] as const).find((each) => access[each] !== undefined);
  const given = name ?? (access.client_names.length > 0 ? "client_names" : undefined);
  if (given === undefined) return;
  const message = `${given} is not supported for tunnels: only a [[proxy]] route with host can ask visitors for certificates. Remove it.`;
  yield { path: [...path, given], message };
}

/** Checks what an endpoint cannot ask a server for. */
export function* endpointAccessViolations(access: Access, path: Path): Generator<RuleViolation> {
  for (const name of ["allow_ips", "deny_ips"] as const) {
    const index = access[name].findIndex(isListUrl);
    if (index >= 0)
      yield {
        path: [...path, name, index],
        message: `${access[name][index]} is a URL, which only the configuration of the server may name ([tunnel.server.policies.always]). Write the networks, or the path of a file.`,
      };
  }
  if (access.rate_limit.by_user)
    yield {
      path: [...path, "rate_limit", "by_user"],
      message: "by_user is not supported for tunnels, whose visitors are limited by address. Remove it.",
    };
  if (access.allow_private)
    yield {
      path: [...path, "allow_private"],
      message: "allow_private is not allowed here: servers contact no private addresses for their clients. Remove it.",
    };
}

/** An option that is given and empty would let everybody in, for instance if it refers to an empty variable. */
function* emptyViolations(access: Access, path: Path, originOf: (path: Path) => string): Generator<RuleViolation> {
  for (const [name, entries] of [
    ["allow_ips", "addresses"],
    ["deny_ips", "addresses"],
    ["client_names", "names"],
  ] as const)
    if (access[name].length === 0 && originOf([...path, name]) !== "default")
      yield { path: [...path, name], message: `${name} is empty. List ${entries}, or remove it.` };
  for (const name of ["emails", "domains", "groups"] as const)
    if (access.oidc[name].length === 0 && originOf([...path, "oidc", name]) !== "default")
      yield { path: [...path, "oidc", name], message: `${name} of oidc is empty. List some, or remove it.` };
  for (const name of ["basic_auth", "password_file", "client_ca_file", "client_crl_file"] as const)
    if (access[name] === "") yield { path: [...path, name], message: `${name} is empty. Name a file, or remove it.` };
}

/** A table without options requires a login, too. */
function hasLogins({ oidc }: Access, path: Path, originOf: (path: Path) => string): boolean {
  return oidc.enabled ?? originOf([...path, "oidc"]) !== "default";
}

function knowsUsers({ basic_auth, jwt, forward_auth, client_ca_file }: Access, logins: boolean): boolean {
  const { enabled, secret, public_key_file, jwks_url } = jwt;
  const hasTokens = enabled && (secret ?? public_key_file ?? jwks_url) !== undefined;
  const hasService = forward_auth.url !== undefined && forward_auth.response_fields.length > 0;
  return logins || hasTokens || hasService || (basic_auth ?? client_ca_file) !== undefined;
}

/** Whether a table of limits sets anything. */
export function setsLimits(limits: Limits, place: Path, originOf: (path: Path) => string): boolean {
  return Object.keys(limits).some((name) => originOf([...place, name]) !== "default");
}

/** Checks a table of limits. */
export function* limitViolations(
  limits: Limits,
  place: Path,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  if (!setsLimits(limits, place, originOf) || limits.requests_per_minute !== undefined) return;
  const needsRate = ["window", "window_seconds", "burst"].find((name) => originOf([...place, name]) !== "default");
  if (needsRate !== undefined)
    yield {
      path: [...place, needsRate],
      message: `${needsRate} needs requests_per_minute. Add: requests_per_minute = 60`,
    };
  else if (!("max_concurrent" in limits) || limits.max_concurrent === undefined)
    yield { path: place, message: "this rate limit has no limit. Add one: requests_per_minute = 60" };
}

import { accessViolations, endpointAccessViolations, tunnelAccessViolations } from "./access-rules.js";
import { clientTokenViolations, providerViolations, serverTokenViolations } from "./token-rules.js";
import type { Configuration, EndpointConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import { isFolderTarget } from "../kinds/local-folder.js";
import { usesWildcard } from "./gateway-addresses.js";
import { listenerViolations } from "./listener-rules.js";
import { routeViolations } from "./route-rules.js";
import type { RuleViolation } from "./rule-violation.js";

/** Minimum length of metrics_token, in characters. */
const SHORTEST_TOKEN = 16;

/** Checks values against each other: required together, mutually exclusive, or in the wrong order. */
export function ruleViolations(configuration: Configuration, originOf: (path: Path) => string): RuleViolation[] {
  return [
    ...tunnelViolations(configuration, originOf),
    ...serverViolations(configuration, originOf),
    ...routeViolations(configuration, originOf),
    ...listenerViolations(configuration, originOf),
    ...providerViolations(configuration),
  ];
}

function* tunnelViolations({ tunnel }: Configuration, originOf: (path: Path) => string): Generator<RuleViolation> {
  const { auth, local_api, monitoring, reconnection, ssl } = tunnel;
  yield* authViolations(auth, ["tunnel", "auth"], originOf);
  // The default of max_delay rises to initial_delay.
  const isLimited = originOf(["tunnel", "reconnection", "max_delay"]) !== "default";
  if (isLimited && reconnection.initial_delay > reconnection.max_delay) {
    const path = ["tunnel", "reconnection", "initial_delay"];
    yield { path, message: "initial_delay is longer than max_delay. Shorten it, or raise max_delay." };
  }
  for (const [here, there] of [
    ["client_cert", "cert_file"],
    ["client_key", "key_file"],
  ] as const) {
    const [one, other] = [ssl[here], auth[there]];
    if (one !== undefined && other !== undefined && one !== other)
      yield {
        path: ["tunnel", "ssl", here],
        message: `tunnel.ssl.${here} and tunnel.auth.${there} differ. Remove one of them.`,
      };
  }
  if ((ssl.client_cert === undefined) !== (ssl.client_key === undefined))
    yield { path: ["tunnel", "ssl"], message: "client_cert and client_key must be set together. Set both or neither." };
  if (monitoring.collect_metrics && isTooShort(local_api.metrics_token))
    yield tokenViolation(["tunnel", "local_api", "metrics_token"]);
  const names = new Map<string, number>();
  for (const [index, endpoint] of tunnel.endpoints.entries()) {
    yield* endpointViolations(endpoint, ["tunnel", "endpoints", index], tunnel.local_port !== undefined, originOf);
    yield* accessViolations(endpoint.access, ["tunnel", "endpoints", index, "access"], originOf);
    yield* tunnelAccessViolations(endpoint.access, ["tunnel", "endpoints", index, "access"]);
    yield* endpointAccessViolations(endpoint.access, ["tunnel", "endpoints", index, "access"]);
    yield* authViolations(endpoint.auth, ["tunnel", "endpoints", index, "auth"], originOf, auth);
    const label = endpointLabel(endpoint, index);
    const earlier = names.get(label);
    if (earlier !== undefined) {
      const message = `endpoints ${earlier + 1} and ${index + 1} have the same name, "${label}". Set a different name.`;
      yield { path: ["tunnel", "endpoints", index, "name"], message };
    }
    names.set(label, index);
  }
}

function isTooShort(token: string | undefined): boolean {
  return token !== undefined && token.length < SHORTEST_TOKEN;
}

function tokenViolation(path: Path): RuleViolation {
  return { path, message: `metrics_token is too short. Use at least ${SHORTEST_TOKEN} characters.` };
}

/** Returns the name of an endpoint in the log, in events and on reload. */
export function endpointLabel({ name, subdomain, custom_domain }: EndpointConfiguration, index: number): string {
  return name ?? subdomain ?? custom_domain ?? `endpoint-${index + 1}`;
}

function* endpointViolations(
  endpoint: EndpointConfiguration,
  path: Path,
  hasLocal: boolean,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  if (endpoint.server_url === undefined)
    yield {
      path,
      message: 'this endpoint has no server_url. Add one, for instance server_url = "https://tunnel.example.com"',
    };
  if (endpoint.local === undefined && !hasLocal)
    yield { path, message: "this endpoint has no local target. Add one, for instance local = 3000" };
  const hasFiles = Object.keys(endpoint.files).some((name) => originOf([...path, "files", name]) === "file");
  if (hasFiles && !isFolderTarget(endpoint.local ?? ""))
    yield {
      path: [...path, "files"],
      message: 'files needs a folder as the local target, for instance local = "./public"',
    };
  if (endpoint.group && endpoint.subdomain === undefined)
    yield { path: [...path, "group"], message: "group needs a subdomain: the name that the clients serve together." };
  if (!endpoint.group && endpoint.strategy !== undefined)
    yield { path: [...path, "strategy"], message: "strategy needs group = true: it is that of a group of clients." };
  if (!endpoint.group && endpoint.weight !== 1)
    yield { path: [...path, "weight"], message: "weight needs group = true: it is the share in a group of clients." };
  if (endpoint.subdomain !== undefined && endpoint.custom_domain !== undefined)
    yield {
      path: [...path, "custom_domain"],
      message: "subdomain and custom_domain are both set. Remove one of them.",
    };
}

function* authViolations(
  auth: EndpointConfiguration["auth"],
  path: Path,
  originOf: (path: Path) => string,
  shared?: EndpointConfiguration["auth"],
): Generator<RuleViolation> {
  const { api_key, api_key_file, cert_file, key_file } = auth;
  const origin = originOf([...path, "api_key"]);
  // Values from different layers do not conflict, because the layer with the higher precedence wins.
  if (api_key !== undefined && api_key_file !== undefined && origin === originOf([...path, "api_key_file"])) {
    const names = origin === "environment" ? "POSTERN_API_KEY and POSTERN_API_KEY_FILE" : "api_key and api_key_file";
    yield { path: [...path, "api_key_file"], message: `${names} are both set. Remove one of them.` };
  }
  if ((cert_file === undefined) !== (key_file === undefined))
    yield { path, message: "cert_file and key_file must be set together. Set both or neither." };
  yield* clientTokenViolations(auth, path, originOf, shared);
}

function* serverViolations(
  { server: gateway, tunnel: { server } }: Configuration,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  const path = ["tunnel", "server"];
  const { acme, auth, ssl, security, limits, monitoring, base_domain, public_url } = server;
  if (public_url !== undefined && new URL(public_url).hostname !== base_domain) {
    const message = `the host of public_url (--public-url) must be the base domain, for instance https://${base_domain}.`;
    yield { path: [...path, "public_url"], message };
  }
  if (server.trusted_proxy_fields.length > 0 && server.trusted_proxies.length === 0)
    yield {
      path: [...path, "trusted_proxy_fields"],
      message: "trusted_proxy_fields requires trusted_proxies. List the proxies that set these fields.",
    };
  const isSet = originOf([...path, "security", "connection_timeout"]) !== "default";
  if (isSet && limits.head_timeout !== undefined && limits.head_timeout !== security.connection_timeout)
    yield {
      path: [...path, "limits", "head_timeout"],
      message: "head_timeout and connection_timeout of [tunnel.server.security] differ. Remove one of them.",
    };
  if (limits.min_body_rate > 0 && limits.body_timeout === 0)
    yield {
      path: [...path, "limits", "min_body_rate"],
      message: "min_body_rate requires body_timeout, the time for which a body may be slower. Set body_timeout.",
    };
  for (const key of ["health_endpoint", "metrics_endpoint"] as const)
    if (monitoring[key] === "/connect" || monitoring[key].includes("?"))
      yield {
        path: [...path, "monitoring", key],
        message: `${key} must be a path without a query, and not /connect, which clients connect to.`,
      };
  if (monitoring.collect_metrics && isTooShort(monitoring.metrics_token))
    yield tokenViolation([...path, "monitoring", "metrics_token"]);
  if (monitoring.health_endpoint === monitoring.metrics_endpoint)
    yield {
      path: [...path, "monitoring", "metrics_endpoint"],
      message: "metrics_endpoint and health_endpoint are the same path. Change one of them.",
    };
  yield* accessViolations(server.policies.always, [...path, "policies", "always"], originOf);
  yield* tunnelAccessViolations(server.policies.always, [...path, "policies", "always"]);
  yield* serverTokenViolations(auth.jwt, [...path, "auth", "jwt"]);
  const isCovered = usesWildcard(gateway.ssl) && gateway.ssl.wildcard.covers_tunnels;
  const hasBoth = ssl.cert_file !== undefined && ssl.key_file !== undefined;
  const hasOne = ssl.cert_file !== undefined || ssl.key_file !== undefined;
  if (ssl.enabled && !hasBoth && (hasOne || !isCovered))
    yield { path: [...path, "ssl"], message: "TLS requires cert_file and key_file. Set both." };
  if (auth.certificate.ca_file !== undefined && !ssl.enabled)
    yield {
      path: [...path, "auth", "certificate", "ca_file"],
      message: "certificate logins require TLS. Enable [tunnel.server.ssl].",
    };
  if (auth.certificate.crl_file !== undefined && auth.certificate.ca_file === undefined)
    yield {
      path: [...path, "auth", "certificate", "crl_file"],
      message: "crl_file requires ca_file. Set the CA that issued the list.",
    };
  for (const [index, files] of ssl.certificates.entries())
    if (files.cert_file === undefined || files.key_file === undefined)
      yield {
        path: [...path, "ssl", "certificates", index],
        message: "each certificate requires cert_file and key_file. Set both.",
      };
  if (ssl.min_tls_version > ssl.max_tls_version)
    yield {
      path: [...path, "ssl", "min_tls_version"],
      message: "min_tls_version is newer than max_tls_version. Change one of them.",
    };
  if (ssl.cipher_suites.length > 0 && !ssl.cipher_suites.some((suite) => isOfVersions(suite, ssl)))
    yield {
      path: [...path, "ssl", "cipher_suites"],
      message:
        "none of the cipher_suites belongs to a TLS version between min_tls_version and max_tls_version. Add one.",
    };
  if (acme.dns.provider !== undefined && acme.dns.exec !== undefined)
    yield { path: [...path, "acme", "dns", "exec"], message: "provider and exec are both set. Remove one of them." };
  if (security.min_subdomain_length > security.max_subdomain_length) {
    const message = "min_subdomain_length is greater than max_subdomain_length. Change one of them.";
    yield { path: [...path, "security", "min_subdomain_length"], message };
  }
}

function isOfVersions(
  suite: string,
  { min_tls_version, max_tls_version }: { min_tls_version: string; max_tls_version: string },
): boolean {
  return suite.startsWith("TLS_") ? max_tls_version === "1.3" : min_tls_version === "1.2";
}

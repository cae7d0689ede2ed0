import { acceptedTokenFaults, tokenFaults } from "./token-rules.js";
import type { Configuration, EndpointConfiguration } from "./declared/configuration.js";
import type { Path } from "./path.js";
import type { RuleFault } from "./rule-fault.js";

/** Characters of a token that protects metrics. */
const SHORTEST_TOKEN = 16;

/** What single options cannot know: values that need or exclude each other. */
export function ruleFaults(configuration: Configuration, originOf: (path: Path) => string): RuleFault[] {
  return [...tunnelFaults(configuration, originOf), ...serverFaults(configuration), ...proxyFaults(configuration)];
}

function* tunnelFaults({ tunnel }: Configuration, originOf: (path: Path) => string): Generator<RuleFault> {
  const { auth, reconnection, ssl } = tunnel;
  yield* authFaults(auth, ["tunnel", "auth"], originOf);
  if (reconnection.initial_delay > reconnection.max_delay) {
    const path = ["tunnel", "reconnection", "initial_delay"];
    yield { path, message: "tunnel.reconnection.initial_delay is longer than max_delay. Make it shorter." };
  }
  for (const [here, there] of [
    ["client_cert", "cert_file"],
    ["client_key", "key_file"],
  ] as const) {
    const [one, other] = [ssl[here], auth[there]];
    if (one !== undefined && other !== undefined && one !== other)
      yield {
        path: ["tunnel", "ssl", here],
        message: `tunnel.ssl.${here} is not the same as tunnel.auth.${there}. Remove one.`,
      };
  }
  if ((ssl.client_cert === undefined) !== (ssl.client_key === undefined))
    yield { path: ["tunnel", "ssl"], message: "client_cert and client_key need each other. Set both or none." };
  const names = new Map<string, number>();
  for (const [index, endpoint] of tunnel.endpoints.entries()) {
    yield* endpointFaults(endpoint, ["tunnel", "endpoints", index], tunnel.local_port !== undefined);
    yield* authFaults(endpoint.auth, ["tunnel", "endpoints", index, "auth"], originOf, auth);
    const label = endpointLabel(endpoint, index);
    const earlier = names.get(label);
    if (earlier !== undefined) {
      const message = `endpoints ${earlier + 1} and ${index + 1} are both called "${label}". Give each a name of its own.`;
      yield { path: ["tunnel", "endpoints", index, "name"], message };
    }
    names.set(label, index);
  }
}

/** What log, events and reloading call an endpoint. */
export function endpointLabel({ name, subdomain, custom_domain }: EndpointConfiguration, index: number): string {
  return name ?? subdomain ?? custom_domain ?? `endpoint-${index + 1}`;
}

function* endpointFaults(endpoint: EndpointConfiguration, path: Path, hasLocal: boolean): Generator<RuleFault> {
  if (endpoint.server_url === undefined)
    yield { path, message: 'this endpoint has no server_url. Add one: server_url = "https://tunnel.example.com"' };
  if (endpoint.local === undefined && !hasLocal)
    yield { path, message: "this endpoint has no local target. Add one, for instance local = 3000" };
  if (endpoint.subdomain !== undefined && endpoint.custom_domain !== undefined)
    yield { path: [...path, "custom_domain"], message: "an endpoint has a subdomain or a custom_domain, not both." };
}

function* authFaults(
  auth: EndpointConfiguration["auth"],
  path: Path,
  originOf: (path: Path) => string,
  shared?: EndpointConfiguration["auth"],
): Generator<RuleFault> {
  const { api_key, api_key_file, cert_file, key_file } = auth;
  const origin = originOf([...path, "api_key"]);
  // Of two from different layers the stronger one counts.
  if (api_key !== undefined && api_key_file !== undefined && origin === originOf([...path, "api_key_file"])) {
    const names = origin === "environment" ? "POSTERN_API_KEY and POSTERN_API_KEY_FILE" : "api_key and api_key_file";
    yield { path: [...path, "api_key_file"], message: `${names} are both set. Remove one of the two.` };
  }
  if ((cert_file === undefined) !== (key_file === undefined))
    yield { path, message: "cert_file and key_file need each other. Set both or none." };
  yield* tokenFaults(auth, path, originOf, shared);
}

function* serverFaults({ tunnel: { server } }: Configuration): Generator<RuleFault> {
  const path = ["tunnel", "server"];
  const { auth, ssl, security, monitoring, base_domain, public_url } = server;
  if (public_url !== undefined && new URL(public_url).hostname !== base_domain) {
    const message = `the public URL must be one of ${base_domain}, for instance https://${base_domain}: tunnel.server.public_url or --public-url.`;
    yield { path: [...path, "public_url"], message };
  }
  for (const key of ["health_endpoint", "metrics_endpoint"] as const)
    if (monitoring[key] === "/connect" || monitoring[key].includes("?"))
      yield {
        path: [...path, "monitoring", key],
        message: `${key} is a path without a query, and not /connect, where clients come to.`,
      };
  const { metrics_token: token = "" } = monitoring;
  if (monitoring.collect_metrics && token !== "" && token.length < SHORTEST_TOKEN)
    yield {
      path: [...path, "monitoring", "metrics_token"],
      message: `metrics_token could be guessed. Make it ${SHORTEST_TOKEN} characters or longer.`,
    };
  if (monitoring.health_endpoint === monitoring.metrics_endpoint)
    yield {
      path: [...path, "monitoring", "metrics_endpoint"],
      message: "metrics_endpoint and health_endpoint are the same. Change one.",
    };
  yield* acceptedTokenFaults(auth.jwt, [...path, "auth", "jwt"]);
  if (ssl.enabled && (ssl.cert_file === undefined || ssl.key_file === undefined))
    yield { path: [...path, "ssl"], message: "TLS needs a cert_file and a key_file." };
  if (auth.certificate.ca_file !== undefined && !ssl.enabled)
    yield {
      path: [...path, "auth", "certificate", "ca_file"],
      message: "clients can only show certificates to a server with TLS: set [tunnel.server.ssl], too.",
    };
  if (auth.certificate.crl_file !== undefined && auth.certificate.ca_file === undefined)
    yield {
      path: [...path, "auth", "certificate", "crl_file"],
      message: "a crl_file needs the ca_file that it is of.",
    };
  for (const [index, files] of ssl.certificates.entries())
    if (files.cert_file === undefined || files.key_file === undefined)
      yield {
        path: [...path, "ssl", "certificates", index],
        message: "a certificate needs a cert_file and a key_file.",
      };
  if (ssl.min_tls_version > ssl.max_tls_version)
    yield { path: [...path, "ssl", "min_tls_version"], message: "min_tls_version is newer than max_tls_version." };
  if (ssl.cipher_suites.length > 0 && !ssl.cipher_suites.some((suite) => isOfVersions(suite, ssl)))
    yield {
      path: [...path, "ssl", "cipher_suites"],
      message: "none of the cipher_suites is of a version from min_tls_version to max_tls_version.",
    };
  if (security.min_subdomain_length > security.max_subdomain_length) {
    const message = "min_subdomain_length is larger than max_subdomain_length.";
    yield { path: [...path, "security", "min_subdomain_length"], message };
  }
}

function isOfVersions(
  suite: string,
  { min_tls_version, max_tls_version }: { min_tls_version: string; max_tls_version: string },
): boolean {
  return suite.startsWith("TLS_") ? max_tls_version === "1.3" : min_tls_version === "1.2";
}

function* proxyFaults({ proxy }: Configuration): Generator<RuleFault> {
  for (const [index, { path: prefix, target, targets }] of proxy.entries()) {
    const path = ["proxy", index];
    if (prefix === undefined) yield { path, message: 'this [[proxy]] has no path. Add one: path = "/api/*"' };
    if ((target === undefined) === (targets.length === 0))
      yield { path, message: "a [[proxy]] has either a target or targets. Set one of the two." };
    for (const [number, { url }] of targets.entries())
      if (url === undefined) yield { path: [...path, "targets", number], message: "this target has no url." };
  }
}

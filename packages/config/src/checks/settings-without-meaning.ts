import type { Configuration } from "../declared/configuration.js";
import type { RuleViolation } from "./rule-violation.js";

/** Two missed heartbeats end a session, and a dead session must be detected within 30 s. */
const LONGEST_HEARTBEAT = 10_000;

/** Finds valid settings that do not have the effect that their author expects. */
export function settingsWithoutMeaning({ tunnel, proxy }: Configuration): RuleViolation[] {
  return [
    ...heartbeats(tunnel),
    ...cors(tunnel.server),
    ...certificates(proxy),
    ...credentials(proxy),
    ...levels(proxy),
  ];
}

function* heartbeats({ endpoints }: Configuration["tunnel"]): Generator<RuleViolation> {
  for (const [index, { keepalive_interval }] of endpoints.entries()) {
    if (keepalive_interval <= LONGEST_HEARTBEAT) continue;
    const message = "keepalive_interval counts as 10 s: longer intervals detect dead connections too late.";
    yield { path: ["tunnel", "endpoints", index, "keepalive_interval"], message };
  }
}

function* cors({ security }: Configuration["tunnel"]["server"]): Generator<RuleViolation> {
  if (!security.cors_enabled || security.cors_origins.length > 0) return;
  const message = "cors_enabled has no effect while cors_origins is empty. List the origins to allow.";
  yield { path: ["tunnel", "server", "security", "cors_enabled"], message };
}

function* credentials(routes: Configuration["proxy"]): Generator<RuleViolation> {
  for (const [index, { target, targets, middleware }] of routes.entries()) {
    const { bearer_token, basic_auth, custom_auth_header, api_key } = middleware.auth;
    const isSet = [bearer_token, basic_auth, custom_auth_header[0], api_key.key_value].some(
      (each) => each !== undefined,
    );
    if (!isSet || target !== undefined || targets.length > 0) continue;
    const message = "[proxy.middleware.auth] has no effect on a route without a target: it does not check visitors.";
    yield { path: ["proxy", index, "middleware", "auth"], message };
  }
}

/** Higher levels take much more time and save few bytes. */
const HIGHEST_LEVELS = { gzip: 6, brotli: 5 } as const;

function* levels(routes: Configuration["proxy"]): Generator<RuleViolation> {
  for (const [index, { middleware }] of routes.entries()) {
    const { level = 0, gzip, brotli } = middleware.compression;
    const lowered = [
      ...(gzip && level > HIGHEST_LEVELS.gzip ? [`${HIGHEST_LEVELS.gzip} for gzip`] : []),
      ...(brotli && level > HIGHEST_LEVELS.brotli ? [`${HIGHEST_LEVELS.brotli} for Brotli`] : []),
    ];
    if (lowered.length === 0) continue;
    const message = `level ${level} counts as ${lowered.join(" and as ")}: higher levels take much longer and save few bytes.`;
    yield { path: ["proxy", index, "middleware", "compression", "level"], message };
  }
}

function* certificates(routes: Configuration["proxy"]): Generator<RuleViolation> {
  for (const [index, { host, cert_file }] of routes.entries()) {
    if (cert_file === undefined || host !== undefined) continue;
    const message =
      "cert_file has no effect on a route without host: the host in the TLS handshake selects the certificate.";
    yield { path: ["proxy", index, "cert_file"], message };
  }
}

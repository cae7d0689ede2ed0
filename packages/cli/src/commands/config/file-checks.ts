import { checkConnectOptions } from "@postern/client/command";
import { checkServerOptions } from "@postern/server";
import { accessLogFile, accessLogPaths } from "../../access-log/access-log-options.js";
import { loadServerPolicies } from "../../access/server-policies.js";
import { loadClientCredential } from "../../credentials/client-credential.js";
import { loadClientTrust } from "../../credentials/client-trust.js";
import { loadServerCertificates } from "../../credentials/server-certificates.js";
import { serverCredentials } from "../../credentials/server-credentials.js";
import { loadServerKeys } from "../../credentials/server-keys.js";
import { loadServerTokens } from "../../credentials/server-tokens.js";
import { CliError } from "../../errors.js";
import { eventFileOptions } from "../../monitoring/event-file.js";
import { failureOf } from "../../reporting/failure.js";
import { LogFiles } from "../../reporting/log-files.js";
import { logFilesOptions } from "../../reporting/reporting.js";
import { serverOptions } from "../../running/configured-server.js";
import { hasGateway } from "../../running/gateway-settings.js";
import { loadEndpointSpec } from "../../running/endpoint-specs.js";
import type { Settings } from "../../settings/configuration.js";
import { gatewayChecks } from "./gateway-checks.js";

/** What is wrong with the files and values that a configuration names. */
export interface FileChecks {
  /** The different errors, each of which would keep `postern start` from starting. */
  errors: unknown[];
  warnings: string[];
}

/** A part of a configuration to check. It returns warnings, and throws what `postern start` would throw. */
type Check = () => Promise<string[]> | string[];

/**
 * Does what `postern start` does before it connects or listens: reads all files that the configuration names, and
 * checks the options of server and client. It changes nothing.
 */
export async function checkFiles(settings: Settings): Promise<FileChecks> {
  const errors = new Map<string, unknown>();
  const warnings: string[] = [];
  const checks = [
    ...clientChecks(settings),
    ...serverChecks(settings),
    ...gatewayChecks(settings),
    ...outputChecks(settings),
  ];
  for (const check of checks) {
    try {
      warnings.push(...(await check()));
    } catch (error) {
      // Endpoints that share a credential have the same error.
      errors.set(failureOf(error).message, error);
    }
  }
  return { errors: [...errors.values()], warnings: [...new Set(warnings)] };
}

function clientChecks(settings: Settings): Check[] {
  const { tunnel } = settings.loaded.values;
  if (!tunnel.enabled) return [];
  if (tunnel.endpoints.length === 0)
    // `postern http` uses these tables. Its credential may come from the command line.
    return [
      async () => (await loadClientTrust(settings)).warnings,
      () => unlessMissing("PN_KEY_MISSING", async () => (await loadClientCredential(settings)).warnings),
    ];
  return tunnel.endpoints.map((_, index) => async () => {
    const { specs, warnings } = await loadEndpointSpec(settings, index);
    for (const { options } of specs) valid(() => checkConnectOptions(options));
    return warnings;
  });
}

function serverChecks(settings: Settings): Check[] {
  const { enabled: isEnabled, auth } = settings.loaded.values.tunnel.server;
  if (!isEnabled && !isForServerCommand(settings)) return [];
  // Each file is read once, so that all checks see the same content.
  const keys = once(() => loadServerKeys(settings));
  const tokens = once(() => loadServerTokens(settings));
  const certificates = once(() => loadServerCertificates(settings));
  const policies = once(() => loadServerPolicies(settings));
  // A server without logins is refused as a whole.
  const needsKeys = isEnabled && auth.required;
  const withKeys = (check: Check): Check => (needsKeys ? check : () => unlessMissing("PN_KEYS_MISSING", check));
  return [
    withKeys(async () => (await keys()).warnings),
    async () => (await tokens(), []),
    async () => (await certificates()).warnings,
    async () => (await policies()).warnings,
    withKeys(async () => {
      const logins = { keys: await keys(), tokens: await tokens(), certificates: await certificates() };
      const credentials = serverCredentials(settings, { ...logins, policies: await policies() });
      valid(() => checkServerOptions(serverOptions(settings, credentials)));
      return [];
    }),
  ];
}

/** Loads at the first call; later calls return the same promise. */
function once<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loading: Promise<Loaded> | undefined;
  return () => (loading ??= load());
}

/**
 * Whether the file may be meant for `postern server`, which needs no `enabled` and can get its keys on the command
 * line.
 */
export function isForServerCommand({ loaded }: Settings): boolean {
  const isUndecided = loaded.origin("tunnel", "server", "enabled").from === "default";
  return isUndecided && hasTable(loaded, "server");
}

/** Whether the configuration contains nothing that a command uses. */
export function isEmpty(settings: Settings): boolean {
  const { loaded } = settings;
  const { enabled, endpoints, server } = loaded.values.tunnel;
  const isRun =
    server.enabled || (enabled && endpoints.length > 0) || isForServerCommand(settings) || hasGateway(settings);
  // `postern http` uses these.
  return !isRun && !hasTable(loaded, "auth") && !hasTable(loaded, "ssl");
}

function hasTable({ resolution }: Settings["loaded"], name: string): boolean {
  return resolution.sections.some(({ path }) => path[0] === "tunnel" && path[1] === name);
}

function outputChecks(settings: Settings): Check[] {
  const { monitoring } = settings.loaded.values.tunnel;
  const logs = logFilesOptions(settings, "start");
  const events = monitoring.enabled ? eventFileOptions(settings) : undefined;
  const access = accessLogPaths(settings).map((path) => accessLogFile(settings, path));
  return [logs, events, ...access]
    .filter((options) => options !== undefined)
    .map((options) => () => [LogFiles.check(options)].filter((warning) => warning !== undefined));
}

async function unlessMissing(code: string, check: Check): Promise<string[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof CliError && error.code === code) return [];
    throw error;
  }
}

/** Client and server describe an invalid option in their errors, which would otherwise count as internal ones. */
function valid(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new CliError("PN_CONFIG_INVALID", error.message);
    throw error;
  }
}

import { checkRoutes, type GatewayServiceOptions, type GatewayTls, type RouteOptions } from "@postern/gateway/service";
import { originText } from "@postern/config";
import type { Certificate } from "@postern/net";
import { routeAccessLog } from "../access-log/access-log-options.js";
import { loadRouteAccess } from "../access/route-access.js";
import { loadGatewayCertificates } from "../credentials/gateway-certificates.js";
import { loadTargetTrust } from "../credentials/target-trust.js";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { version } from "../version.js";
import { bodyLimit, configuredRoutes } from "./configured-routes.js";
import { tracingOptions } from "../access-log/tracing-options.js";
import { checkFolders, type CheckedFolders } from "./folder-checks.js";
import { pathsOfConfiguration } from "./secret-paths.js";
import { servedFolders } from "./served-folders.js";

/** The gateway that a configuration describes, with the content of the files that it names. */
export interface ConfiguredGateway {
  routes: RouteOptions[];
  /** Empty without HTTPS. */
  certificates: Certificate[];
  served: CheckedFolders;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads the routes, and the files that they and `[server.ssl]` name. Throws TlsError, CliError for the files and the
 * folders to serve, and PN_CONFIG_INVALID for a route that is not valid.
 * @param before what a running gateway serves; undefined at start
 */
export async function loadGateway(
  settings: Settings,
  before?: Pick<ConfiguredGateway, "certificates" | "served">,
): Promise<ConfiguredGateway> {
  const { values } = settings.loaded;
  const { certificates, files, warnings } = await loadGatewayCertificates(settings, before?.certificates);
  const trusts = [];
  const steps = [];
  for (const [index, route] of values.proxy.entries()) {
    const loaded = await loadTargetTrust(settings, route, index);
    trusts.push(loaded.trust);
    files.push(...loaded.files);
    warnings.push(...loaded.warnings);
    const access = await loadRouteAccess(settings, route, index);
    steps.push(access.steps);
    files.push(...access.files);
    warnings.push(...access.warnings);
  }
  const accessLogs = values.proxy.map((route, index) => routeAccessLog(settings, route, index));
  const routes = configuredRoutes(settings, { trusts, steps, accessLogs });
  try {
    checkRoutes(routes);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError("PN_CONFIG_INVALID", error.message);
    throw error;
  }
  const { loaded } = settings;
  const folders = servedFolders(settings).map(({ path, option, pages }) => ({
    path,
    pages,
    origin: originText(loaded.origin(...option), loaded.file),
  }));
  const served = await checkFolders(settings, folders, files, before?.served);
  return {
    routes,
    certificates,
    served,
    files: [...new Set(files)],
    warnings: [...new Set(warnings), ...served.warnings],
  };
}

/** The options of `[server]` for `startGateway`, except routes and reports. */
export function gatewayOptions(
  settings: Settings,
  certificates: readonly Certificate[],
): Pick<
  GatewayServiceOptions,
  "listen" | "tls" | "serviceEndpoints" | "version" | "limits" | "trustedProxies" | "tracing" | "namedFiles"
> {
  const { server } = settings.loaded.values;
  const { http, https } = settings.loaded.gatewayAddresses;
  return {
    listen: http,
    tls: https === undefined ? undefined : tlsOptions(settings, https, certificates),
    serviceEndpoints: server.enable_health_endpoints,
    version: version(),
    trustedProxies: server.trusted_proxies,
    tracing: tracingOptions(settings),
    limits: { answer: server.request_timeout, body: bodyLimit(server.max_request_size_mb) },
    namedFiles: (file) => pathsOfConfiguration(file, settings.env),
  };
}

function tlsOptions({ loaded }: Settings, listen: string, certificates: readonly Certificate[]): GatewayTls {
  const { protocols, cipher_suites, redirect } = loaded.values.server.ssl;
  const [lowest, highest] = [protocols.toSorted()[0], protocols.toSorted().at(-1)];
  return {
    listen,
    certificates,
    policy: {
      ...(lowest === undefined ? {} : { minVersion: lowest }),
      ...(highest === undefined ? {} : { maxVersion: highest }),
      ciphers: cipher_suites,
    },
    redirect: redirect.enabled,
    redirectExempt: redirect.exempt_paths,
  };
}

import type { RouteConfiguration } from "@postern/config";
import type { CertificateOptions, CredentialField, RateLimitOptions, StepOptions } from "@postern/gateway/service";
import { ClientCa } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile } from "../settings/owned-file.js";
import { compressionOf } from "./compression-options.js";
import { loadAccess, type LoadedAccess } from "./loaded-access.js";
import { transformOf } from "./route-transform.js";
import { loadRouteMiddleware } from "./route-middleware.js";
import { checkLoginHost, loadLoginProvider } from "./login-provider.js";

/** What a route checks and adds, with the content of the files that it names. */
export interface RouteAccess extends Omit<LoadedAccess, "steps"> {
  /** Undefined: nothing. */
  steps: StepOptions | undefined;
}

/**
 * Reads `[proxy.access]` of a route, and the tables of `[proxy.middleware]` that become steps. Throws CliError for the
 * files.
 * @param index of the route in the configuration
 */
export async function loadRouteAccess(
  settings: Settings,
  route: RouteConfiguration,
  index: number,
): Promise<RouteAccess> {
  const place = ["proxy", index, "access"];
  const { steps: own, files, warnings } = await loadAccess(settings, route.access, place);
  if (own.oidc !== undefined) checkLoginHost(settings, route, index);
  const provider = own.oidc && (await loadLoginProvider(settings, "server", [...place, "oidc"]));
  files.push(...(provider?.files ?? []));
  warnings.push(...(provider?.warnings ?? []));
  const rateLimit = own.rateLimit ?? olderLimitOf(route);
  const clientCertificate = await certificateOf(settings, route, index, files);
  const credentials = credentialsOf(route);
  const transform = transformOf(route);
  const middleware = await loadRouteMiddleware(settings, route, index);
  files.push(...middleware.files);
  const hasCompression = settings.loaded.hasTable("proxy", index, "middleware", "compression");
  const compression = hasCompression ? compressionOf(route) : undefined;
  const steps = {
    ...own,
    ...middleware.steps,
    ...(own.oidc && { oidc: { ...own.oidc, provider: provider?.options } }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(credentials.length === 0 ? {} : { credentials }),
    ...(transform && { transform }),
    ...(compression === undefined ? {} : { compression }),
    ...serverTimingOf(route),
  };
  return { steps: Object.keys(steps).length === 0 ? undefined : steps, files, warnings };
}

async function certificateOf(
  settings: Settings,
  { host, access }: RouteConfiguration,
  index: number,
  files: string[],
): Promise<CertificateOptions | undefined> {
  const { client_ca_file, client_crl_file, client_names: names } = access;
  if (client_ca_file === undefined || host === undefined) return undefined;
  const read = async (value: string, name: string): Promise<{ path: string; text: string }> => {
    const path = settings.pathOf(value, "proxy", index, "access", name);
    files.push(path);
    return { path, text: (await readOwnedFile(path)).bytes.toString("utf8") };
  };
  const ca = await read(client_ca_file, "client_ca_file");
  const crl = client_crl_file === undefined ? undefined : await read(client_crl_file, "client_crl_file");
  const pem = { ca: ca.text, ...(crl === undefined ? {} : { crl: crl.text }) };
  // Only here, messages can name the files.
  void new ClientCa({ ...pem, names: { ca: ca.path, crl: crl?.path ?? "" } });
  return { host, ...pem, names };
}

/** The limit of `[proxy.middleware.rate_limit]`; nothing for a route without one. */
function olderLimitOf({ access: { rate_limit: own }, middleware }: RouteConfiguration): RateLimitOptions | undefined {
  const {
    requests_per_minute: requestsPerMinute,
    max_concurrent: concurrent,
    limit_by_header,
    rate_limit_message,
    window_seconds,
  } = middleware.rate_limit;
  if (requestsPerMinute === undefined && concurrent === undefined) return undefined;
  const byHeader = (own.by_header ?? limit_by_header)?.toLowerCase();
  const message = own.message ?? rate_limit_message;
  return {
    window: window_seconds,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(own.burst === undefined ? {} : { burst: own.burst }),
    ...(byHeader === undefined ? {} : { byHeader }),
    ...(message === undefined ? {} : { message }),
  };
}

function serverTimingOf({ middleware, target, targets }: RouteConfiguration): Pick<StepOptions, "serverTiming"> {
  const { enabled, allow_ips: addresses } = middleware.server_timing;
  return enabled ? { serverTiming: { addresses, hasOrigin: target !== undefined || targets.length > 0 } } : {};
}

/** The credentials of `[proxy.middleware.auth]` as fields. */
export function credentialsOf({ middleware: { auth } }: RouteConfiguration): CredentialField[] {
  const { bearer_token, basic_auth, api_key, custom_auth_header } = auth;
  const fields: CredentialField[] = [];
  if (bearer_token !== undefined) fields.push({ name: "Authorization", value: `Bearer ${bearer_token}` });
  if (basic_auth !== undefined)
    fields.push({ name: "Authorization", value: `Basic ${Buffer.from(basic_auth).toString("base64")}` });
  if (api_key.header_name !== undefined && api_key.key_value !== undefined)
    fields.push({ name: api_key.header_name, value: api_key.key_value });
  const [name, value] = custom_auth_header;
  if (name !== undefined && value !== undefined) fields.push({ name, value });
  return fields;
}

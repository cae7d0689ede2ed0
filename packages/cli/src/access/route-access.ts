import type { RouteConfiguration } from "@postern/config";
import type {
  AddressOptions,
  BasicAuthOptions,
  CredentialField,
  JwtOptions,
  OidcOptions,
  RateLimitOptions,
  StepOptions,
} from "@postern/gateway/service";
import type { Settings } from "../settings/configuration.js";
import { readTokenKey } from "../credentials/token-key-file.js";
import { readSecretFile } from "../settings/owned-file.js";
import { readAddressList } from "./address-list.js";
import { parseHtpasswd } from "./htpasswd.js";
import { loadLoginProvider, loginPolicy } from "./login-provider.js";

/** What a route checks and adds, with the content of the files that it names. */
export interface RouteAccess {
  /** Undefined: nothing. */
  steps: StepOptions | undefined;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads `[proxy.access]` of a route, and the credentials and limits of `[proxy.middleware]`. Throws CliError for the
 * files.
 * @param index of the route in the configuration
 */
export async function loadRouteAccess(
  settings: Settings,
  route: RouteConfiguration,
  index: number,
): Promise<RouteAccess> {
  const files: string[] = [];
  const warnings: string[] = [];
  const addresses = await addressesOf(settings, route, index, files);
  const rateLimit = rateLimitOf(route);
  const basicAuth = await basicAuthOf(settings, route, index, { files, warnings });
  const jwt = await jwtOf(settings, route, index, files);
  const oidc = await oidcOf(settings, route, index, { files, warnings });
  const { url, response_fields: responseFields } = route.access.forward_auth;
  const credentials = credentialsOf(route);
  const steps = {
    ...(addresses === undefined ? {} : { addresses }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(basicAuth === undefined ? {} : { basicAuth }),
    ...(jwt === undefined ? {} : { jwt }),
    ...(oidc === undefined ? {} : { oidc }),
    ...(url === undefined ? {} : { forwardAuth: { url, responseFields } }),
    ...(credentials.length === 0 ? {} : { credentials }),
  };
  return { steps: Object.keys(steps).length === 0 ? undefined : steps, files, warnings };
}

async function addressesOf(
  settings: Settings,
  { access: { allow_ips, deny_ips, allow_private } }: RouteConfiguration,
  index: number,
  files: string[],
): Promise<AddressOptions | undefined> {
  if (allow_ips.length === 0 && deny_ips.length === 0) return undefined;
  const read = async (entries: readonly string[], name: string): Promise<string[]> => {
    const list = await readAddressList(entries, (entry) => settings.pathOf(entry, "proxy", index, "access", name));
    files.push(...list.files);
    return list.networks;
  };
  const deny = await read(deny_ips, "deny_ips");
  const more = allow_private ? { allowPrivate: true } : {};
  // A list of files that are all empty admits nobody.
  return allow_ips.length === 0 ? { deny, ...more } : { allow: await read(allow_ips, "allow_ips"), deny, ...more };
}

async function basicAuthOf(
  settings: Settings,
  { access: { basic_auth } }: RouteConfiguration,
  index: number,
  { files, warnings }: Pick<RouteAccess, "files" | "warnings">,
): Promise<BasicAuthOptions | undefined> {
  if (basic_auth === undefined) return undefined;
  const file = settings.pathOf(basic_auth, "proxy", index, "access", "basic_auth");
  const { text, warning } = await readSecretFile(file);
  files.push(file);
  if (warning !== undefined) warnings.push(warning);
  const users = parseHtpasswd(text, file);
  if (users.length === 0) warnings.push(`${file} lists no users, so nobody can use the route.`);
  return { users };
}

async function jwtOf(
  settings: Settings,
  { access: { jwt, allow_private } }: RouteConfiguration,
  index: number,
  files: string[],
): Promise<JwtOptions | undefined> {
  const { enabled, secret, public_key_file, jwks_url, issuer, audience, claim_fields } = jwt;
  if (!enabled || (secret ?? public_key_file ?? jwks_url) === undefined) return undefined;
  let publicKey: string | undefined;
  if (public_key_file !== undefined) {
    const file = settings.pathOf(public_key_file, "proxy", index, "access", "jwt", "public_key_file");
    publicKey = await readTokenKey(file);
    files.push(file);
  }
  return {
    ...(secret === undefined ? {} : { secret }),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(jwks_url === undefined ? {} : { jwksUrl: jwks_url }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(allow_private ? { allowPrivate: true } : {}),
    fields: claim_fields,
  };
}

/** A table without options is a login, too: otherwise such a route would be open to everybody. */
async function oidcOf(
  settings: Settings,
  { access: { oidc } }: RouteConfiguration,
  index: number,
  { files, warnings }: Pick<RouteAccess, "files" | "warnings">,
): Promise<OidcOptions | undefined> {
  const path = ["proxy", index, "access", "oidc"] as const;
  if (!settings.loaded.hasTable(...path)) return undefined;
  const provider = await loadLoginProvider(settings, path);
  files.push(...provider.files);
  warnings.push(...provider.warnings);
  return loginPolicy(oidc, provider.options);
}

/** Nothing for a route without a limit. */
export function rateLimitOf({ access, middleware }: RouteConfiguration): RateLimitOptions | undefined {
  const { rate_limit: own } = access;
  const { rate_limit: older } = middleware;
  const requestsPerMinute = own.requests_per_minute ?? older.requests_per_minute;
  const concurrent = own.max_concurrent ?? older.max_concurrent;
  if (requestsPerMinute === undefined && concurrent === undefined) return undefined;
  const isOlder = own.requests_per_minute === undefined && own.max_concurrent === undefined;
  const byHeader = (own.by_header ?? older.limit_by_header)?.toLowerCase();
  const message = own.message ?? older.rate_limit_message;
  return {
    window: isOlder ? older.window_seconds : own.window,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(own.burst === undefined ? {} : { burst: own.burst }),
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(byHeader === undefined ? {} : { byHeader }),
    ...(message === undefined ? {} : { message }),
  };
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

import type { Path, RouteConfiguration } from "@postern/config";
import type {
  AddressOptions,
  BasicAuthOptions,
  JwtOptions,
  PasswordOptions,
  RateLimitOptions,
  StepOptions,
  WebhookStepOptions,
} from "@postern/gateway/policies";
import type { Settings } from "../settings/configuration.js";
import { readTokenKey } from "../settings/token-key-file.js";
import { readSecretFile } from "../settings/owned-file.js";
import { readAddressList } from "./address-list.js";
import { parseHtpasswd } from "./htpasswd.js";
import { loginPolicy, requiresLogin } from "./login-provider.js";
import { passwordHash } from "./password-file.js";
import { webhookOptions } from "./webhook-options.js";

/** The access table of a route, of an endpoint or of all tunnels. */
export type AccessConfiguration = RouteConfiguration["access"];

/** What an access table asks for, with the content of the files that it names. */
export interface LoadedAccess {
  steps: StepOptions;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/** What the parts of a table add to while they are read. */
type Reading = Pick<LoadedAccess, "files" | "warnings">;

/**
 * Reads an access table. Throws CliError for the files.
 * @param place of the table in the configuration
 * @param saltKey a secret for the salt of a password, if its hash leaves the process
 */
export async function loadAccess(
  settings: Settings,
  access: AccessConfiguration,
  place: Path,
  saltKey?: () => string,
): Promise<LoadedAccess> {
  const files: string[] = [];
  const warnings: string[] = [];
  const addresses = await addressesOf(settings, access, place, files);
  const rateLimit = rateLimitOf(access);
  const basicAuth = await basicAuthOf(settings, access, place, { files, warnings });
  const password = await passwordOf(settings, access, place, { files, warnings }, saltKey);
  const webhook = await webhookOf(settings, access, place, { files, warnings });
  const jwt = await jwtOf(settings, access, place, files);
  const oidc = requiresLogin(settings, access, place) ? loginPolicy(access) : undefined;
  const { url, response_fields: responseFields } = access.forward_auth;
  const steps = {
    ...(addresses === undefined ? {} : { addresses }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(basicAuth === undefined ? {} : { basicAuth }),
    ...(password === undefined ? {} : { password }),
    ...(jwt === undefined ? {} : { jwt }),
    ...(oidc === undefined ? {} : { oidc }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(url === undefined ? {} : { forwardAuth: { url, responseFields } }),
  };
  return { steps, files, warnings };
}

async function addressesOf(
  settings: Settings,
  { allow_ips, deny_ips, allow_private }: AccessConfiguration,
  place: Path,
  files: string[],
): Promise<AddressOptions | undefined> {
  if (allow_ips.length === 0 && deny_ips.length === 0) return undefined;
  const read = async (entries: readonly string[], name: string): Promise<string[]> => {
    const list = await readAddressList(entries, (entry) => settings.pathOf(entry, ...place, name));
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
  { basic_auth }: AccessConfiguration,
  place: Path,
  { files, warnings }: Reading,
): Promise<BasicAuthOptions | undefined> {
  if (basic_auth === undefined) return undefined;
  const { text, file } = await secretOf(settings.pathOf(basic_auth, ...place, "basic_auth"), { files, warnings });
  const users = parseHtpasswd(text, file);
  if (users.length === 0) warnings.push(`${file} lists no users, so nobody gets access.`);
  return { users };
}

async function passwordOf(
  settings: Settings,
  { password_file }: AccessConfiguration,
  place: Path,
  loaded: Reading,
  saltKey?: () => string,
): Promise<PasswordOptions | undefined> {
  if (password_file === undefined) return undefined;
  const { text, file } = await secretOf(settings.pathOf(password_file, ...place, "password_file"), loaded);
  return { hash: await passwordHash(text, file, saltKey) };
}

async function webhookOf(
  settings: Settings,
  { webhook }: AccessConfiguration,
  place: Path,
  loaded: Reading,
): Promise<WebhookStepOptions | undefined> {
  if (webhook.secret_file === undefined) return webhookOptions(webhook);
  const path = settings.pathOf(webhook.secret_file, ...place, "webhook", "secret_file");
  return webhookOptions(webhook, await secretOf(path, loaded));
}

/** Reads a file with a secret, which is to be watched. */
async function secretOf(file: string, { files, warnings }: Reading): Promise<{ text: string; file: string }> {
  const { text, warning } = await readSecretFile(file);
  files.push(file);
  if (warning !== undefined) warnings.push(warning);
  return { text, file };
}

async function jwtOf(
  settings: Settings,
  { jwt, allow_private }: AccessConfiguration,
  place: Path,
  files: string[],
): Promise<JwtOptions | undefined> {
  const { enabled, secret, public_key_file, jwks_url, issuer, audience, claim_fields } = jwt;
  if (!enabled || (secret ?? public_key_file ?? jwks_url) === undefined) return undefined;
  let publicKey: string | undefined;
  if (public_key_file !== undefined) {
    const file = settings.pathOf(public_key_file, ...place, "jwt", "public_key_file");
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

/** Nothing for a table without a limit. */
function rateLimitOf({ rate_limit }: AccessConfiguration): RateLimitOptions | undefined {
  const {
    requests_per_minute: requestsPerMinute,
    max_concurrent: concurrent,
    window,
    burst,
    by_header,
    by_user,
    message,
  } = rate_limit;
  if (requestsPerMinute === undefined && concurrent === undefined) return undefined;
  return {
    window,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(burst === undefined ? {} : { burst }),
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(by_header === undefined ? {} : { byHeader: by_header.toLowerCase() }),
    ...(by_user ? { byUser: true } : {}),
    ...(message === undefined ? {} : { message }),
  };
}

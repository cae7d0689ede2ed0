import { option, section } from "./declaration.js";
import { limitMessage, requestsPerMinute } from "./rate-limit.js";
import { hostName, url } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { addressSources } from "../kinds/address-source.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { fieldName, headers } from "../kinds/headers.js";
import { list, oneOrMore } from "../kinds/list.js";
import { integer } from "../kinds/number.js";
import { duration, size } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

const texts = (doc: string) => option(list(text()), doc, { default: [] as string[] });
const addresses = (doc: string) => option(addressSources, doc, { default: [] as string[] });

const GUARDS = { guards: true };
const NO_LIMIT = "this rate limit has no limit. Add one: requests_per_minute = 60";

/** `[proxy.access]`: which visitors a route serves. */
export const access = section(
  "Access control for the route. See access.md.",
  {
    allow_ips: addresses(
      "Addresses and networks that get access; all others get 403. Default: all get access. An entry can be a file, such as `./office.txt`, with one address or network per line; it is read again when it changes. An entry can also be the `https://` URL of such a list, which is fetched every 5 minutes.",
    ),
    deny_ips: addresses(
      "Addresses and networks that get no access, in the same form as allow_ips. They get 403, even if allow_ips contains them.",
    ),
    allow_private: option(
      flag(),
      "Allow jwks_url, and the URLs in allow_ips and deny_ips, to resolve to private addresses.",
      {
        default: false,
      },
    ),
    basic_auth: option(
      filePath,
      "File with users for HTTP Basic authentication, as htpasswd writes it, with bcrypt, apr1 or SHA-1 hashes. Visitors without a valid name and password get 401. After 10 wrong passwords in a minute, an address gets 429. Targets get the user name in X-Forwarded-User, but not the password. The file is read again when it changes.",
    ),
    password_file: option(
      filePath,
      "File with one line: a password, or its bcrypt, apr1 or SHA-1 hash as htpasswd writes it. Visitors enter the password on a page, once in 7 days for each browser. Programs get 401. After 10 wrong passwords in a minute, an address gets 429. A password that changes ends all logins. The file is read again when it changes.",
    ),
    client_ca_file: option(
      filePath,
      "CA certificates that sign the client certificates of visitors, PEM. Visitors of the host without a valid certificate get 403. Requires host and HTTPS. Targets get the name in the certificate in X-Client-Name. The file is read again when it changes.",
    ),
    client_crl_file: option(
      filePath,
      "Certificate revocation lists for client_ca_file, PEM: one for each CA. The file is read again when it changes.",
    ),
    client_names: texts(
      "Names in client certificates that may use the route: email addresses, DNS names or URIs of the subject alternative name, or common names. Default: any name.",
    ),
    jwt: section(
      "Access with a JWT, which visitors send as `Authorization: Bearer`. Visitors without a valid one get 401. Requires one of secret, public_key_file and jwks_url.",
      {
        enabled: option(flag(), "Use the options of this table.", { default: true }),
        secret: option(text(), "Shared secret of HS256 tokens, at least 32 bytes.", { secret: true }),
        public_key_file: option(
          filePath,
          "Public key of the issuer, PEM. The key type sets the algorithm: RSA RS256, P-256 ES256, P-384 ES384, P-521 ES512, Ed25519 EdDSA.",
        ),
        jwks_url: option(
          url(["https", "http"], "https://auth.example.com/jwks"),
          "URL of the issuer's JWKS. Requires audience. `http://` is allowed only for localhost. A host with a private address requires allow_private.",
        ),
        issuer: option(text(), "Required value of the `iss` claim. Default: any."),
        audience: option(text(), "Required audience in the `aud` claim. Default: any."),
        claim_fields: option(
          headers(),
          "Header fields to send to targets, each with the name of a claim as its value. Fields of these names that a visitor sends are removed.",
          { default: { "X-Forwarded-User": "sub" } as Record<string, string> },
        ),
      },
      { emptyFault: "tokens require a key. Set secret, public_key_file or jwks_url." },
    ),
    forward_auth: section(
      "Access decisions by another service, such as Authelia, Authentik or oauth2-proxy.",
      {
        url: option(
          url(["https", "http"], "http://localhost:9091/verify"),
          "URL of the service. It gets a GET without a body for each request. If it responds with 2xx, the target gets the request. A response with 3xx or 4xx goes to the visitor, with its Location and Set-Cookie. If it responds with 5xx or not at all, visitors get 502.",
        ),
        response_fields: option(
          list(fieldName),
          "Header fields of the service's 2xx response to pass on to targets. Fields of these names that a visitor sends are removed.",
          { default: [] as string[] },
        ),
      },
      { emptyFault: 'forward_auth has no url. Add one: url = "http://localhost:9091/verify"' },
    ),
    oidc: section(
      "Login with the OpenID provider of `[server.oidc]`. An empty table admits every account of the provider. Targets get the account in X-Forwarded-User, X-Forwarded-Email and X-Forwarded-Groups; fields of these names that a visitor sends are removed.",
      {
        enabled: option(flag(), "Require the login. Default: true if the table exists."),
        emails: texts(
          "Email addresses that may use the route, besides those of domains. The provider must have verified the address. If emails and domains are empty: all.",
        ),
        domains: option(
          list(hostName()),
          "Domains whose email addresses may use the route, without their subdomains. The provider must have verified the address.",
          { default: [] as string[] },
        ),
        groups: texts(
          "Groups that may use the route: a visitor must be in one of them, besides having one of the emails or domains. They are compared with the `groups` claim. Empty: all.",
        ),
        max_age: option(
          duration({ min: 60_000 }),
          "Time after which the provider is asked again about a visitor. Visitors notice nothing if they are still logged in at the provider.",
          { default: 28_800_000 },
        ),
      },
    ),
    webhook: section(
      "Access for webhook requests that their sender has signed. Requests without a valid signature get 401; the log contains the reason. Requires kind, and secret or secret_file.",
      {
        kind: option(
          choice(["github", "stripe", "slack", "standard-webhooks", "hmac"]),
          "How the requests are signed: `standard-webhooks` is the specification of standardwebhooks.com, and `hmac` a signature of the body in the field `header`.",
        ),
        secret: option(
          oneOrMore(text()),
          "Secret of the signature. A list contains several: each of them makes valid signatures, so that a secret can be replaced.",
          { default: [] as string[], secret: true },
        ),
        secret_file: option(
          filePath,
          "File with secrets, one per line, in addition to secret. It is read again when it changes.",
        ),
        header: option(fieldName, "Header field with the signature, for the kind `hmac`."),
        algorithm: option(
          choice(["sha256", "sha1", "sha512"]),
          "Hash function of the signature, for the kind `hmac`.",
          {
            default: "sha256" as "sha256" | "sha1" | "sha512",
          },
        ),
        encoding: option(choice(["hex", "base64"]), "Form of the signature, for the kind `hmac`.", {
          default: "hex" as "hex" | "base64",
        }),
        prefix: option(text(), "Text before the signature in its field, such as `sha256=`, for the kind `hmac`.", {
          default: "",
        }),
        window: option(
          duration({ min: 1_000, max: 3_600_000 }),
          "Maximum difference between the time in a request and the clock, in both directions. The kinds `github` and `hmac` have no time.",
          { default: 300_000 },
        ),
        max_size: option(
          size({ min: 1_000, max: 8_000_000 }),
          "Maximum size of a body. It is kept in memory until its signature is checked. Larger ones get 413.",
          { default: 1_000_000 },
        ),
      },
      { emptyFault: 'a webhook requires a kind and a secret. Add them, for instance kind = "github"' },
    ),
    rate_limit: section(
      "Limits for each visitor. Requests that exceed them get 429 with `Retry-After`. A visitor is an IPv4 address or an IPv6 /64 network.",
      {
        requests_per_minute: requestsPerMinute,
        window: option(
          duration({ min: 1_000 }),
          "Time that sets the default of burst: the number of requests that requests_per_minute allows in this time.",
          { default: 60_000 },
        ),
        burst: option(
          integer({ min: 1 }),
          "Maximum requests of a visitor in a burst. Default: the number of requests that requests_per_minute allows in window.",
        ),
        max_concurrent: option(
          integer({ min: 1 }),
          "Maximum requests of a visitor that are in progress at the same time. WebSockets count until they close. Default: any number.",
        ),
        by_header: option(
          fieldName,
          "Header field, for instance that of an API key. Requests with the same value share the limits, whatever their address. The limits per address still apply, because visitors can send any value.",
        ),
        by_user: option(
          flag(),
          "Limit each user instead of each address. The user is the name of basic_auth, the `sub` claim of jwt, the subject of oidc (the `sub` claim of the account), the first of the response_fields of forward_auth, or the name in a client certificate. Requests without a valid login still count for their address.",
          { default: false },
        ),
        message: limitMessage,
      },
      { emptyFault: NO_LIMIT },
    ),
  },
  GUARDS,
);

/** `[[tunnel.endpoints]] access`: which visitors a tunnel serves, and its flags. */
export const endpointAccess = section(
  "Access control for the tunnel. The server enforces it before a visitor reaches this client. The options are those of `[proxy.access]`. See access.md.",
  {
    ...access.entries,
    oidc: section(
      "Login of visitors at the OpenID provider of the server. An empty table admits every account of the provider. The options are those of `[proxy.access.oidc]`.",
      {
        ...access.entries.oidc.entries,
        enabled: {
          ...access.entries.oidc.entries.enabled,
          env: "POSTERN_OIDC",
          flag: "--oidc",
          flagDoc: "require visitors to log in at the OpenID provider of the server, with any account",
        },
      },
    ),
    allow_ips: {
      ...access.entries.allow_ips,
      doc: "Addresses and networks that may use the tunnel; all others get 403. Default: all may. An entry can be a file, such as `./office.txt`, with one address or network per line; it is read again when it changes.",
      env: "POSTERN_ALLOW_IPS",
      flag: "--allow-ip <address>",
      flagDoc:
        "address or network that may use the tunnel, or a file with a list of them, such as ./office.txt (can be given several times)",
    },
    deny_ips: {
      ...access.entries.deny_ips,
      doc: "Addresses and networks that may not use the tunnel, in the same form as allow_ips. They get 403, even if allow_ips contains them.",
      env: "POSTERN_DENY_IPS",
      flag: "--deny-ip <address>",
      flagDoc:
        "address or network that may not use the tunnel, or a file with a list of them, such as ./blocked.txt (can be given several times)",
    },
    basic_auth: {
      ...access.entries.basic_auth,
      env: "POSTERN_BASIC_AUTH_FILE",
      flag: "--basic-auth <file>",
      flagDoc: "ask visitors for a user name and a password of this file, which htpasswd -B writes",
    },
    password_file: {
      ...access.entries.password_file,
      env: "POSTERN_PASSWORD_FILE",
      flag: "--password-file <file>",
      flagDoc: "ask visitors on a page for the password in this file",
    },
    rate_limit: section(
      access.entries.rate_limit.doc,
      {
        ...access.entries.rate_limit.entries,
        requests_per_minute: {
          ...access.entries.rate_limit.entries.requests_per_minute,
          env: "POSTERN_RATE_LIMIT",
          flag: "--rate-limit <number/min>",
          flagDoc: "maximum requests of each visitor per minute, for instance 60/min",
        },
      },
      { emptyFault: NO_LIMIT },
    ),
  },
  GUARDS,
);

/** `[tunnel.server.policies.always]`: which visitors all tunnels of a server serve. */
export const serverAccess = section(
  "Access control for all tunnels, besides what their clients ask for. The options are those of `[proxy.access]`. A rate limit counts the requests of a visitor to all tunnels together. See access.md.",
  access.entries,
  GUARDS,
);

/** `[server.oidc]`: the provider for routes with `access.oidc`. */
export const oidcProvider = section("OpenID provider for routes with `[proxy.access.oidc]`. See logins.md.", {
  issuer: option(
    url(["https", "http"], "https://auth.example.com"),
    "URL of the provider, exactly as its metadata contains it. `http://` is allowed only for localhost.",
    { example: '"https://auth.example.com"' },
  ),
  client_id: option(text(), "Id that the provider has given to the gateway."),
  client_secret_file: option(
    filePath,
    "File with the secret that belongs to client_id, not readable by other users. It is read again when it changes. Without it, the gateway is a public client.",
  ),
  callback_url: option(
    url(["https", "http"], "https://login.example.com/.postern/oidc/callback"),
    "URL to which the provider sends visitors back, for the routes of all hosts: a host of this gateway, with the path `/.postern/oidc/callback`. Default: that path on the host that the visitor requested; then the provider must know the URL of each host. With callback_url, each route with logins needs a host without a wildcard.",
    { example: '"https://login.example.com/.postern/oidc/callback"' },
  ),
  scopes: texts(
    "More scopes to request, besides `openid`, `email` and `profile`. Some providers need `groups` to send the groups of a visitor.",
  ),
  allow_private: option(flag(), "Allow the addresses of the provider to be private.", { default: false }),
});

const { callback_url: _, client_secret_file: secretFile, ...providerEntries } = oidcProvider.entries;

/** `[tunnel.server.oidc]`: the provider for tunnels with `access.oidc`. */
export const serverOidcProvider = section(
  "OpenID provider for the visitors of tunnels. It sends them back to `/.postern/oidc/callback` of the base domain. Changes take effect at the next start. See logins.md.",
  {
    ...providerEntries,
    client_secret_file: {
      ...secretFile,
      doc: "File with the secret that belongs to client_id, not readable by other users. A change takes effect at the next start. Without it, the server is a public client.",
    },
  },
);

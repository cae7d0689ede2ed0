import { option, section } from "./declaration.js";
import { hostName, network, url } from "../kinds/address.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { integer } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

const texts = (doc: string) => option(list(text()), doc, { default: [] as string[] });
const networks = (doc: string) => option(list(network()), doc, { default: [] as string[] });

/** `[proxy.access]`: which visitors a route serves. */
export const access = section(
  "Access control for the route.",
  {
    allow_ips: networks("Addresses and networks that may use the route. Empty: all."),
    deny_ips: networks("Addresses and networks that may not use the route."),
    basic_auth: option(filePath, "File with names and passwords for HTTP Basic authentication, as htpasswd writes it."),
    password_file: option(filePath, "File with a password that visitors enter once."),
    client_ca_file: option(filePath, "CA certificates that sign the client certificates of visitors, PEM."),
    jwt: section("Access with a JWT.", {
      enabled: option(flag(), "Require a valid JWT.", { default: false }),
      secret: option(text(), "Shared secret of HS256 tokens, at least 32 bytes.", { secret: true }),
      public_key_file: option(filePath, "Public key of the issuer, PEM."),
      jwks_url: option(url(["https", "http"], "https://auth.example.com/jwks"), "JWKS of the issuer."),
      issuer: option(text(), "Required value of the `iss` claim. Default: any."),
      audience: option(text(), "Required audience in the `aud` claim. Default: any."),
    }),
    forward_auth: section("Access decisions by another service.", {
      url: option(url(["https", "http"], "http://localhost:9091/verify"), "URL to ask about each request."),
      response_fields: texts("Header fields of the service's response to pass on to targets."),
    }),
    oidc: section("Login with the OpenID provider of `[server.oidc]`.", {
      emails: texts("Email addresses that may use the route."),
      domains: option(list(hostName()), "Domains whose email addresses may use the route.", {
        default: [] as string[],
      }),
      groups: texts("Groups that may use the route."),
      max_age: option(duration(), "Time after which visitors log in again."),
    }),
    webhook: section("Access for webhook requests with a valid signature.", {
      kind: option(text(), "Service that signs the requests."),
      secret: option(text(), "Secret of the signature.", { secret: true }),
    }),
    rate_limit: section("Limits for each visitor.", {
      requests_per_minute: option(integer({ min: 1 }), "Maximum requests of a visitor per minute."),
      window: option(duration({ min: 1_000 }), "Time over which requests are counted.", { default: 60_000 }),
      burst: option(integer(), "Requests that may exceed the rate in a burst."),
      max_concurrent: option(integer({ min: 1 }), "Maximum concurrent requests of a visitor."),
      by_header: option(text(), "Header field that identifies a visitor. Default: the address."),
      message: option(text(), "Message for visitors that exceed a limit."),
    }),
  },
  { pending: "access control on routes" },
);

/** `[server.oidc]`: the provider for routes with `access.oidc`. */
export const oidcProvider = section(
  "OpenID provider for routes with `[proxy.access.oidc]`.",
  {
    issuer: option(url(["https", "http"], "https://auth.example.com"), "URL of the provider."),
    client_id: option(text(), "Client id of the gateway."),
    client_secret_file: option(filePath, "File with the client secret, not readable by other users."),
  },
  { pending: "logins by OpenID" },
);

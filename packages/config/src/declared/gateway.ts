import { option, section } from "./declaration.js";
import { hostName, listenAddress, network } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { cipherSuite } from "../kinds/cipher-suite.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { decimal, port } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { table } from "../kinds/table.js";
import { text } from "../kinds/text.js";
import { oidcProvider } from "./access.js";

const ACME = { pending: "certificates by ACME" };

const urlPath = text({ what: "URL path", pattern: /^\/[!-~]*$/, example: "/health" });

const letsEncrypt = section(
  "Certificates from an ACME CA.",
  {
    enabled: option(flag(), "Obtain certificates by ACME.", { default: false }),
    email: option(text(), "Contact address for the CA."),
    domain: option(hostName(), "Name to obtain a certificate for."),
    staging: option(flag(), "Use the CA's staging environment.", { default: false }),
    dns_challenge: section("ACME challenge by DNS record.", {
      provider: option(text(), "DNS provider of the domain."),
      timeout_seconds: option(duration(), "Maximum time to wait until the CA finds the DNS record.", {
        default: 300_000,
      }),
      credentials: option(table(text()), "Credentials for the DNS provider.", {
        default: {} as Record<string, string>,
        secret: true,
      }),
    }),
  },
  ACME,
);

const ssl = section("HTTPS of the gateway.", {
  enabled: option(flag(), "Serve HTTPS.", { default: false }),
  https_port: option(port(), "Port to listen on for HTTPS, at the host of the HTTP address.", { default: 8443 }),
  cert_file: option(filePath, "Default certificate, PEM. Routes with cert_file use their own."),
  key_file: option(filePath, "Private key of the certificate, PEM."),
  cert_chain_file: option(filePath, "Intermediate certificates, PEM, if cert_file does not contain them."),
  key_passphrase: option(text(), "Passphrase of key_file, if the key is encrypted.", { secret: true }),
  protocols: option(list(choice(["TLSv1.2", "TLSv1.3"])), "TLS versions to accept.", {
    default: ["TLSv1.2", "TLSv1.3"] as ("TLSv1.2" | "TLSv1.3")[],
  }),
  cipher_suites: option(
    list(cipherSuite),
    "Allowed cipher suites, by their OpenSSL names, in order of preference. Empty: a list of strong suites.",
    { default: [] as string[] },
  ),
  redirect: section("Redirect from HTTP to HTTPS: 301 for GET and HEAD, otherwise 308.", {
    enabled: option(
      flag(),
      "Redirect HTTP requests to HTTPS. Hosts without a certificate and without a route that names them get 421, except localhost and addresses of local networks.",
      { default: false },
    ),
    exempt_paths: option(
      list(urlPath),
      "Paths that are served over HTTP without a redirect, with everything below them.",
      { default: [] as string[] },
    ),
  }),
  wildcard: section("Certificate for all names below a domain.", {
    enabled: option(flag(), "Use the wildcard certificate. Default: true if cert_file is set.", {
      example: "false",
    }),
    domain: option(
      text({ what: "domain", pattern: /^\*\.[\w.-]+$/, example: "*.example.com" }),
      "Domain that the wildcard certificate covers.",
      { example: '"*.example.com"' },
    ),
    cert_file: option(filePath, "Wildcard certificate, PEM."),
    key_file: option(filePath, "Private key of the wildcard certificate, PEM."),
    covers_tunnels: option(
      flag(),
      "Use the wildcard certificate for the tunnel server too, if `[tunnel.server.ssl]` has enabled = true.",
      { default: false },
    ),
  }),
  lets_encrypt: letsEncrypt,
});

/** `[server]` */
export const server = section(
  "Addresses and limits of the gateway. `postern serve` runs it; so does `postern start` if the file has a route or `[static_config]`.",
  {
    listen: option(
      listenAddress(),
      "Address to listen on for HTTP. Default: default_port on all addresses if it is set, otherwise 127.0.0.1:8080.",
      {
        flag: "--listen <host:port>",
        flagOf: "serve",
        flagDoc:
          "address to listen on for HTTP. Default: that of the configuration file, otherwise 127.0.0.1:8080, which only this machine can reach",
        example: '"127.0.0.1:8080"',
      },
    ),
    default_port: option(
      port(),
      "Port to listen on for HTTP, on all addresses of this machine. Use either this option or listen.",
      {
        flag: "-p, --port <port>",
        flagOf: "serve",
        flagDoc: "port to listen on for HTTP, on all addresses of this machine. Use either this option or --listen",
        example: "8080",
      },
    ),
    request_timeout: option(
      duration(),
      "Maximum time from a complete request until a target begins its response; visitors get 504 beyond it. 0: no limit.",
      { default: 30_000 },
    ),
    max_request_size_mb: option(
      decimal(),
      "Maximum size of a request body, in megabytes; visitors get 413 beyond it. 0: no limit.",
      { default: 0, example: "10" },
    ),
    enable_health_endpoints: option(
      flag(),
      "Serve /health, /ping, and /health and /status below /config, /static and /balancer. Routes that match these paths take precedence.",
      { default: true },
    ),
    trusted_proxies: option(
      list(network()),
      "Addresses or networks of proxies in front of the gateway. The gateway trusts their X-Forwarded-For and X-Forwarded-Proto, so routes use the address of the visitor instead of the address of the proxy.",
      { default: [] as string[], example: '["127.0.0.1"]' },
    ),
    state_dir: option(
      filePath,
      "Folder for state that survives a restart: the key of the cookies of sticky_sessions and logins. It is created with permissions for its owner only. Default: `$STATE_DIRECTORY`, otherwise `~/.local/state/postern`.",
    ),
    ssl,
    oidc: oidcProvider,
  },
);

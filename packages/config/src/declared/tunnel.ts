import { option, section, sections } from "../declaration.js";
import { host, hostName, label, proxyAddress, serverAddress, target } from "../kinds/address.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { decimal, integer, port } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";
import { tunnelAuth } from "./tunnel-auth.js";
import { localApi, monitoring } from "./tunnel-monitoring.js";
import { tunnelServer } from "./tunnel-server.js";

const server = serverAddress();

export const tunnelEndpoint = sections(
  "A service to share: this server, this name, this local target. One table for each.",
  {
    name: option(text(), "What log and events call it. Default: the subdomain.", { example: '"web"' }),
    server_url: option(server, "The Postern server.", {
      env: "POSTERN_SERVER_URL",
      flag: "--server <url>",
      example: '"https://tunnel.example.com"',
    }),
    subdomain: option(label(), "The name you wish. Default: the server chooses.", {
      env: "POSTERN_SUBDOMAIN",
      flag: "--subdomain <name>",
      example: '"my-app"',
    }),
    custom_domain: option(hostName(), "A domain of your own that leads to the server.", { pending: "custom domains" }),
    local: option(target(), "The local service: a port, host:port or an origin. Default: local_host and local_port.", {
      example: "3000",
    }),
    host_header: option(text(), "Host that the service sees; `rewrite`: its own. Default: the visitor's.", {
      env: "POSTERN_HOST_HEADER",
      flag: "--host-header <host>",
      example: '"rewrite"',
    }),
    connection_timeout: option(duration({ min: 100 }), "How long one attempt to connect may take.", {
      default: 30_000,
    }),
    keepalive_interval: option(
      duration({ min: 1_000 }),
      "Time between two heartbeats. Two that are missed end the session, so more than 10 s counts as 10 s.",
      { default: 10_000 },
    ),
    max_connections: option(integer({ min: 1, max: 65_536 }), "Connections of visitors at once.", { default: 1_024 }),
    fallback_urls: option(
      list(server),
      "Servers to turn to, in this order, when `server_url` cannot be reached. It is gone back to when it has been there for a while.",
      { default: [] as string[], example: '["https://other.example.com"]' },
    ),
    connections: option(
      integer({ min: 1, max: 16 }),
      "Sessions side by side, which serve the tunnel together: one that breaks costs nothing.",
      { default: 1 },
    ),
    protocol_version: option(text(), "Versions are agreed on by client and server.", {
      ignored: "client and server agree on the version by themselves",
    }),
    proxy: option(proxyAddress(), "The HTTP proxy for this endpoint alone, instead of the one in `[tunnel]`.", {
      secret: true,
      example: '"none"',
    }),
    auth: tunnelAuth("Credentials for this endpoint alone, instead of `[tunnel.auth]`."),
  },
  { label: "subdomain" },
);

export const tunnel = section("The client: services that are shared through Postern servers.", {
  enabled: option(flag(), "Whether `postern start` opens the endpoints.", { default: true }),
  local_host: option(host(), "Where the local service is, unless the endpoint says it.", {
    default: "localhost",
  }),
  local_port: option(port(), "The port of the local service, unless the endpoint says it.", { example: "3000" }),
  proxy: option(
    proxyAddress(),
    "The HTTP proxy that servers, refresh_url and status_webhook are reached through, asked by CONNECT: `http://name:password@host:port`, percent-encoded, or `https://` for one that is spoken to by TLS. `none`: no proxy. Default: what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, but never for this machine. Local services are not reached through it.",
    { secret: true, env: "POSTERN_PROXY", example: '"http://proxy.example.com:3128"' },
  ),
  endpoints: tunnelEndpoint,
  auth: tunnelAuth("What the client proves who it is with."),
  reconnection: section("What happens when a connection fails or breaks.", {
    enabled: option(flag(), "Whether the client tries again.", {
      default: true,
      env: "POSTERN_RECONNECT",
      flag: "--no-reconnect",
      flagDoc: "end when the connection fails or breaks (the same as POSTERN_RECONNECT=no)",
    }),
    initial_delay: option(duration({ min: 1 }), "The first pause; after a drop a random part of it.", {
      default: 1_000,
    }),
    max_delay: option(duration({ min: 1 }), "The longest pause.", { default: 300_000 }),
    backoff_multiplier: option(decimal({ min: 1, max: 100 }), "How much longer each pause is than the one before.", {
      default: 2,
    }),
    max_attempts: option(integer(), "Attempts in a row before giving up. 0: for ever.", { default: 0 }),
    jitter_factor: option(decimal({ max: 1 }), "Share of each pause that is random, 0 to 1.", { default: 0.5 }),
  }),
  monitoring,
  local_api: localApi,
  ssl: section("How the client trusts servers, and proves itself to them by TLS.", {
    verify_server: option(flag(), "Whether the server's certificate is checked.", {
      default: true,
    }),
    ca_file: option(
      text({ what: "path" }),
      "Certificates of the CAs that may have signed the server's, in PEM, instead of the usual ones.",
    ),
    crl_file: option(
      text({ what: "path" }),
      "Revocation lists, in PEM, one of each CA on the way to the server's certificate.",
    ),
    client_cert: option(text({ what: "path" }), "The same as cert_file in `[tunnel.auth]`."),
    client_key: option(text({ what: "path" }), "The same as key_file in `[tunnel.auth]`."),
    sni_hostname: option(
      hostName(),
      "The name that the server goes by: asked for in the TLS handshake, looked for in its certificate, sent as Host. Default: the one in server_url.",
      { example: '"tunnel.example.com"' },
    ),
    alpn_protocols: option(list(text()), 'Application protocols offered in the TLS handshake. Empty: "http/1.1".', {
      default: [] as string[],
    }),
  }),
  server: tunnelServer,
});

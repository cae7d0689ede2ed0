import { option, section, sections } from "./declaration.js";
import { host, hostName, label, proxyAddress, serverAddress, target } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { decimal, integer, numberChoice, port } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";
import { endpointAccess } from "./access.js";
import { headerLines } from "../kinds/headers.js";
import { endpointFiles } from "./static-files.js";
import { STRATEGIES } from "./strategies.js";
import { tunnelAuth } from "./tunnel-auth.js";
import { localApi, monitoring } from "./tunnel-monitoring.js";
import { tunnelServer } from "./tunnel-server.js";

const server = serverAddress();

export const tunnelEndpoint = sections(
  "A local service to share: the server, the name and the local target. One table per service.",
  {
    name: option(text(), "Name of the endpoint in the log and in events. Default: the subdomain.", {
      example: '"web"',
    }),
    server_url: option(server, "Address of the Postern server.", {
      env: "POSTERN_SERVER_URL",
      flag: "--server <url>",
      example: '"https://tunnel.example.com"',
    }),
    subdomain: option(label(), "Subdomain to request; by default the server chooses one.", {
      env: "POSTERN_SUBDOMAIN",
      flag: "--subdomain <name>",
      example: '"my-app"',
    }),
    custom_domain: option(hostName(), "Your own domain, pointed at the server.", { pending: "custom domains" }),
    local: option(
      target(),
      "Local service: a port, host:port or an origin; or a folder of files: `./public` or an absolute path. Default: local_host and local_port of `[tunnel]`.",
      { example: "3000" },
    ),
    files: endpointFiles,
    local_ca_file: option(
      filePath,
      "CA certificates that may sign the certificate of an `https://` local service, PEM. They replace the CAs that Node trusts. The file may contain the service's own certificate, which is then accepted for any name.",
      { env: "POSTERN_LOCAL_CA_FILE", flag: "--local-ca-file <file>" },
    ),
    local_verify: option(flag(), "Verify the certificate of an `https://` local service.", {
      default: true,
      env: "POSTERN_LOCAL_VERIFY",
      flag: "--local-insecure",
      flagSets: "false",
      flagDoc: "do not verify the certificate of an https:// local service (the same as POSTERN_LOCAL_VERIFY=no)",
    }),
    host_header: option(
      text(),
      "Host that the local service receives: a fixed name, or `rewrite` for its own address; by default the visitor's.",
      { env: "POSTERN_HOST_HEADER", flag: "--host-header <host>", example: '"rewrite"' },
    ),
    connection_timeout: option(
      duration({ min: 100 }),
      "Maximum time for one attempt to connect to the server. Half of it remains once the server, or a proxy in front of it, has accepted the connection.",
      {
        default: 30_000,
      },
    ),
    keepalive_interval: option(
      duration({ min: 1_000 }),
      "Time between two heartbeats. Two missed heartbeats end the session. Values above 10 s count as 10 s.",
      { default: 10_000 },
    ),
    max_connections: option(
      integer({ min: 1, max: 65_536 }),
      "Maximum number of concurrent connections to the local service. Visitors get 503 beyond it.",
      { default: 1_024 },
    ),
    fallback_urls: option(
      list(server),
      "Servers to connect to, in this order, while `server_url` cannot be reached. The client returns to `server_url` once it has been reachable for a while.",
      { default: [] as string[], example: '["https://other.example.com"]' },
    ),
    connections: option(
      integer({ min: 1, max: 16 }),
      "Number of parallel sessions for this tunnel. If one breaks, the others serve its visitors.",
      { default: 1 },
    ),
    group: option(
      flag(),
      "Serve the subdomain together with your other clients that serve it. By default, this client replaces them. The server distributes the requests among the clients of the group. Requires `subdomain`.",
      {
        default: false,
        env: "POSTERN_JOIN",
        flag: "--join",
        flagSets: "true",
        flagDoc:
          "serve the subdomain together with your other clients that serve it, instead of replacing them (the same as POSTERN_JOIN=yes)",
      },
    ),
    weight: option(
      integer({ min: 0, max: 65_535 }),
      "Share of the requests, relative to the other clients of the group, for any number of `connections`. 0: no requests. Requires `group` (--join).",
      { default: 1, env: "POSTERN_WEIGHT", flag: "--weight <n>" },
    ),
    strategy: option(
      choice(STRATEGIES),
      "How the server distributes the requests among the clients of the group. The server must allow the strategy (`allowed_strategies` in `[tunnel.server.balancing]`). Clients that set a strategy must set the same one. Default: the strategy of the group, otherwise that of the server. Requires `group` (--join).",
      { env: "POSTERN_STRATEGY", flag: "--strategy <name>", example: '"least_time"' },
    ),
    offline_status: option(
      numberChoice([503, 404]),
      "Status that visitors get while no client serves the name: `503`, or `404` as for a name that nobody holds.",
      { default: 503 },
    ),
    proxy: option(proxyAddress(), "HTTP proxy for this endpoint, instead of `proxy` in `[tunnel]`. `none`: no proxy.", {
      secret: true,
      example: '"none"',
    }),
    request_headers: option(
      headerLines(),
      "Headers that the local service receives in place of those of the visitor with the same name. Values may contain `{client_ip}`, `{host}`, `{method}`, `{path}`, `{request_id}`, `{scheme}` and `{user}`. The server sets them.",
      {
        default: {} as Record<string, string>,
        env: "POSTERN_REQUEST_HEADERS",
        flag: "--request-header <line>",
        flagDoc: "header that the local service receives, such as 'X-Stage: test' (can be given several times)",
      },
    ),
    response_headers: option(
      headerLines(),
      "Headers that visitors receive in place of those of the local service with the same name, with the same placeholders. The server sets them.",
      {
        default: {} as Record<string, string>,
        env: "POSTERN_RESPONSE_HEADERS",
        flag: "--response-header <line>",
        flagDoc: "header that visitors receive, such as 'Cache-Control: no-store' (can be given several times)",
      },
    ),
    access: endpointAccess,
    auth: tunnelAuth("Credentials for this endpoint, instead of `[tunnel.auth]`."),
  },
);

export const tunnel = section("Client: local services to share through Postern servers.", {
  enabled: option(flag(), "Open the endpoints when `postern start` runs.", { default: true }),
  local_host: option(host(), "Host of the local service, for endpoints without `local`.", {
    default: "localhost",
  }),
  local_port: option(port(), "Port of the local service, for endpoints without `local`.", { example: "3000" }),
  proxy: option(
    proxyAddress(),
    "HTTP proxy for connections to servers, refresh_url and status_webhook. It must support CONNECT. `http://user:password@host:port`, percent-encoded; `https://` for TLS to the proxy; `none`: no proxy. Default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, except for this machine. Connections to local services do not use the proxy.",
    { secret: true, env: "POSTERN_PROXY", example: '"http://proxy.example.com:3128"' },
  ),
  endpoints: tunnelEndpoint,
  auth: tunnelAuth("Credentials of the client."),
  reconnection: section("Reconnection after a failed attempt or a lost session.", {
    enabled: option(flag(), "Reconnect automatically.", {
      default: true,
      env: "POSTERN_RECONNECT",
      flag: "--no-reconnect",
      flagDoc: "exit when the connection fails or breaks (the same as POSTERN_RECONNECT=no)",
    }),
    initial_delay: option(
      duration({ min: 1 }),
      "Delay before the first retry. After a lost session, the delay is a random fraction of this value.",
      { default: 1_000 },
    ),
    max_delay: option(
      duration({ min: 1 }),
      "Maximum delay between two retries. If only initial_delay is set and it is longer, it is also the maximum.",
      { default: 20_000 },
    ),
    backoff_multiplier: option(decimal({ min: 1, max: 100 }), "Factor by which the delay grows after each failure.", {
      default: 2,
    }),
    max_attempts: option(integer(), "Maximum number of consecutive failed attempts. 0: no limit.", { default: 0 }),
    jitter_factor: option(decimal({ max: 1 }), "Random share of each delay, from 0 to 1.", { default: 0.5 }),
  }),
  monitoring,
  local_api: localApi,
  ssl: section("TLS of the client: which servers it trusts.", {
    verify_server: option(flag(), "Verify the server's certificate. `false` exposes the credential and all traffic.", {
      default: true,
    }),
    ca_file: option(
      filePath,
      "CA certificates that may sign the server's certificate, PEM. They replace the CAs that Node trusts.",
      { flag: "--ca-file <file>" },
    ),
    crl_file: option(filePath, "Certificate revocation lists, PEM: one for each CA in the server's certificate chain."),
    client_cert: option(filePath, "Same as cert_file in `[tunnel.auth]`."),
    client_key: option(filePath, "Same as key_file in `[tunnel.auth]`."),
    sni_hostname: option(
      hostName(),
      "Host name of the server in the TLS handshake, its certificate and the Host field. Default: the host in server_url.",
      { example: '"tunnel.example.com"' },
    ),
    alpn_protocols: option(list(text()), 'ALPN protocols to offer in the TLS handshake. Empty: "http/1.1".', {
      default: [] as string[],
    }),
  }),
  server: tunnelServer,
});

import {
  ADMISSION_LIMITS,
  COOKIE_LIMITS,
  DEFAULT_GATEWAY_LIMITS,
  MEMORY_LIMITS,
  IDLE_LIMITS,
  PIPELINE_LIMITS,
  LOOP_LIMITS,
  PATH_LIMITS,
  RETRY_LIMITS,
  TARGET_LIMITS,
} from "@postern/gateway";
import {
  BODY_QUOTA_LIMITS,
  FAILURES,
  FILE_LIMITS,
  FORM_QUOTA_LIMITS,
  FORWARD_AUTH_LIMITS,
  LISTING_LIMITS,
  PASSWORD_LIMITS,
  RATE_LIMITS,
  VERIFIER_LIMITS,
  WEBHOOK_BODY,
  WEBHOOK_FAILURES,
} from "@postern/gateway/service";
import { PROXY_LIMITS } from "@postern/client/command";
import { EVENTS_KEPT } from "@postern/client/status";
import { LOCAL_API_LIMITS, STREAM_LIMITS, WEBHOOK_LIMITS } from "@postern/cli/limits";
import { CLIENT_HELLO_LIMITS, TLS_LIMITS } from "@postern/net";
import { BCRYPT_COSTS } from "@postern/gateway/policies";
import { DEFAULT_LIMITS, LOGIN_LIMITS, MAX_POLICIES, WORK_LIMITS } from "@postern/protocol";
import { DEFAULT_RESERVED_NAMES, SERVER_LIMITS } from "@postern/server";
import { COMPRESSION_ROWS } from "./compression-limits.ts";
import { LOGIN_ROWS } from "./login-limits.ts";
import { TRANSFORM_ROWS } from "./transform-limits.ts";
import { percent, size, time } from "./quantity.ts";

type Row = [limited: string, value: string, beyond: string];

/** Returns docs/limits.md: every limit with its value, and what happens beyond it. */
export function limitsPage(): string {
  const gateway = DEFAULT_GATEWAY_LIMITS;
  const visitors: Row[] = [
    [
      "head of a request or response, and its trailers",
      `${size(gateway.headSize.bytes)}; \`head_bytes\` changes it`,
      "request: 431 PN_HTTP_HEAD_TOO_LARGE, or 414 for the request line; response: 502 PN_ORIGIN_INVALID",
    ],
    [
      "header fields of a request or response, and fields of its trailers",
      `${gateway.headSize.fields}; \`head_fields\` changes it`,
      "the same errors",
    ],
    [
      "head of a request for a page of the server itself, with cookies",
      size(COOKIE_LIMITS.head),
      "431 PN_HTTP_HEAD_TOO_LARGE. Without its cookies, the head has the usual limits",
    ],
    [
      "time from the first byte of a head to its last",
      `${time(gateway.head)}; \`head_timeout\` or \`connection_timeout\` changes it`,
      "request: 408 PN_HTTP_HEAD_TIMEOUT; response: 504 PN_ORIGIN_TIMEOUT",
    ],
    [
      "time without a byte of a request body, until the response begins",
      `${time(gateway.bodyGrace)}; \`body_timeout\` changes it`,
      "408 PN_HTTP_BODY_TIMEOUT. The time in which the origin does not read is not counted; with `Expect: 100-continue`, `idle_timeout` is added at the start",
    ],
    [
      "minimum rate of a request body, until the response begins",
      "none; `min_body_rate` sets one",
      "408 PN_HTTP_BODY_TIMEOUT when the body is slower for `body_timeout`",
    ],
    ["size of a request body", "none; `--max-request-size` sets one", "413 PN_HTTP_BODY_TOO_LARGE"],
    [
      "time from the end of a request to the first byte of the response",
      "none; `--request-timeout` sets one",
      "504 PN_ORIGIN_TIMEOUT",
    ],
    [
      "time for which a visitor does not read a waiting response",
      `${time(gateway.stall)}; \`stall_timeout\` changes it`,
      "the connection is closed",
    ],
    [
      "time for which an origin does not read a waiting request",
      `${time(gateway.stall)}; \`stall_timeout\` changes it`,
      "504 PN_ORIGIN_TIMEOUT",
    ],
    [
      "request body that is kept for a retry",
      `${size(gateway.replay)}; \`replay_body\` changes it`,
      "a request with a larger body is not retried",
    ],
    [
      "idle time of a visitor connection",
      `${time(gateway.idle)}; \`idle_timeout\` changes it`,
      "the connection is closed",
    ],
    [
      "time for which input is still read after a response that ends the connection",
      time(gateway.linger),
      "the connection is closed",
    ],
    [
      "length of a path times the number of its interpretations (routes.md), in the gateway",
      size(PATH_LIMITS.work),
      "400 PN_ROUTE_PATH",
    ],
    ["time for the access checks of a request (access.md)", time(ADMISSION_LIMITS.answer), "503 PN_ACCESS_TIMEOUT"],
    ["visitors, users or values that a rate limit counts", `${RATE_LIMITS.keys}`, "the least used count is dropped"],
    ["wrong passwords from an address", `${FAILURES.burst} per minute`, "429 PN_ACCESS_FAILURES"],
    ["size of the form with a password", size(PASSWORD_LIMITS.form), "413 PN_HTTP_BODY_TOO_LARGE"],
    [
      "size of the body of a webhook",
      `${WEBHOOK_BODY.usual / 1e6} MB; \`max_size\` changes it, up to ${WEBHOOK_BODY.most / 1e6} MB`,
      "413 PN_HTTP_BODY_TOO_LARGE",
    ],
    [
      "time for the body of a webhook, or of the form with a password",
      time(ADMISSION_LIMITS.answer),
      "408 PN_HTTP_BODY_TIMEOUT",
    ],
    [
      "memory of bodies of webhooks while they are checked, and of bodies that regular expressions change: of all, of a visitor, and of the tunnels of an owner",
      `${size(BODY_QUOTA_LIMITS.total)}, ${size(BODY_QUOTA_LIMITS.visitor)} and ${size(BODY_QUOTA_LIMITS.owner)}`,
      "503 PN_ACCESS_BODIES, and the errors of transform.md",
    ],
    [
      "memory of forms with a password while they arrive: of all, of a visitor, and of the tunnels of an owner",
      `${size(FORM_QUOTA_LIMITS.total)}, ${size(FORM_QUOTA_LIMITS.visitor)} and ${size(FORM_QUOTA_LIMITS.owner)}`,
      "503 PN_ACCESS_BODIES",
    ],
    ["wrong signatures of webhooks from an address", `${WEBHOOK_FAILURES.burst} per minute`, "429 PN_ACCESS_FAILURES"],
    [
      "time for the response of `forward_auth`, and size of its body",
      `${time(FORWARD_AUTH_LIMITS.time)} and ${size(FORWARD_AUTH_LIMITS.bytes)}`,
      "502 PN_ACCESS_SERVICE",
    ],
    [
      "passwords that are checked at the same time, and passwords that wait",
      `${VERIFIER_LIMITS.threads} and ${VERIFIER_LIMITS.waiting}`,
      "503 PN_ACCESS_BUSY",
    ],
    ...LOGIN_ROWS,
    ...TRANSFORM_ROWS,
    ["passages of a request through one server", `${LOOP_LIMITS.passages}`, "508 PN_ORIGIN_LOOP"],
    ["bytes of served files in memory", size(FILE_LIMITS.cache), "the file that was used least recently is dropped"],
    [
      "bytes of served files that left this memory while visitors still read them",
      size(FILE_LIMITS.left),
      "files larger than 32 KiB are read while they are sent",
    ],
    [
      "size of a served file that is kept in memory",
      size(FILE_LIMITS.cachedFile),
      "the file is read while it is sent, in blocks of 256 KiB",
    ],
    [
      "bytes of such files that are in memory on their way to visitors",
      size(FILE_LIMITS.blocks),
      "they are read in smaller blocks, at least 16 KiB for each visitor",
    ],
    ["open descriptors of such files that no response uses", `${FILE_LIMITS.descriptors}`, "the file is closed"],
    ["ranges of one request for a file", `${FILE_LIMITS.ranges}, without overlap`, "416 PN_FILE_RANGE"],
    [
      "look-ups of files in one folder that wait for the disk",
      FILE_LIMITS.waiting.toLocaleString("en"),
      "503 PN_FILE_UNREADABLE",
    ],
    ["entries on one page of a listing", LISTING_LIMITS.page.toLocaleString("en"), "there are more pages"],
    [
      "entries of a folder that are listed",
      LISTING_LIMITS.entries.toLocaleString("en"),
      "the listing says that there are more",
    ],
    [
      "entries of a folder that can be sorted by size and time",
      LISTING_LIMITS.sortable.toLocaleString("en"),
      "the listing is sorted by name only",
    ],
    [
      "bytes of different pages of listings that visitors have not read yet",
      size(LISTING_LIMITS.sent),
      "503 PN_FILE_UNREADABLE",
    ],
    [
      "bytes of listings that are kept for a second",
      size(LISTING_LIMITS.kept),
      "the folder is read again for each request",
    ],
    ...COMPRESSION_ROWS,
    [
      "interim responses (1xx) to a request",
      `${gateway.interim}; \`interim_responses\` changes it`,
      "502 PN_ORIGIN_INVALID",
    ],
    [
      "idle time of a stream to an origin",
      time(IDLE_LIMITS.idle),
      "the stream is closed; earlier if the origin's Keep-Alive requires it",
    ],
    [
      "time to connect to a target of the gateway, from the DNS lookup to the end of the TLS handshake",
      `${time(TARGET_LIMITS.connect)}; \`connection_timeout\` of the route changes it`,
      "another target of the route gets the request; without one, 504 PN_TARGET_TIMEOUT",
    ],
    [
      "time for which a target of the gateway that accepted no connection gets no requests",
      `${time(TARGET_LIMITS.down)}, and then until a check connects; not for the only target of a route`,
      "the other targets get the requests; if there is none, 503 PN_TARGETS_DOWN",
    ],
    [
      "requests that may have been delivered and are sent to another target of the gateway",
      `${RETRY_LIMITS.share * 100} % of the requests to the route in ${RETRY_LIMITS.window} s, or ${RETRY_LIMITS.least * RETRY_LIMITS.window} if that is more; each at most ${RETRY_LIMITS.targets} times; only idempotent ones`,
      "502 PN_TARGET_BROKEN",
    ],
    [
      "idle connections to one target of the gateway",
      `${TARGET_LIMITS.idle}`,
      "the connection that has been idle longest is closed",
    ],
    [
      "time without progress after the response has begun, in the gateway",
      "60 s; `idle_timeout` of the route changes it. None for WebSockets and event streams",
      "the response breaks off",
    ],
    [
      "log messages about failed connections to one target of the gateway",
      `one in ${time(TARGET_LIMITS.report)}`,
      "the next message contains the number of failures",
    ],
    [
      "responses from the server itself to pipelined requests of one connection",
      `${PIPELINE_LIMITS.perConnection}; not for trusted proxies`,
      "the connection is closed",
    ],
    [
      "responses from the server itself on one connection, in one turn of the event loop",
      `${PIPELINE_LIMITS.perTurn}`,
      "the next request waits",
    ],
  ];
  const sessions: Row[] = [
    [
      "concurrent streams in a session",
      `${DEFAULT_LIMITS.streams}; \`streams_per_session\` changes it`,
      "503 PN_OVERLOADED to the visitor, PN_STREAM_LIMIT on the wire",
    ],
    ["guaranteed window of a stream", size(DEFAULT_LIMITS.guaranteedWindow), "the sender waits"],
    [
      "initial window of a stream",
      size(DEFAULT_LIMITS.initialWindow),
      "the sender waits; the window grows with the throughput of the path",
    ],
    [
      "memory that all windows of a session may use beyond the guarantee",
      size(DEFAULT_LIMITS.sessionWindow),
      "streams keep their guaranteed windows only",
    ],
    ["size of a WebSocket message", size(DEFAULT_LIMITS.message), "the session ends"],
    ["size of a control message", size(DEFAULT_LIMITS.control), "PN_PROTOCOL"],
    [
      "heartbeat interval",
      `${time(DEFAULT_LIMITS.heartbeat)}; \`keepalive_interval\` shortens it`,
      "after two missed heartbeats: PN_HEARTBEAT_LOST",
    ],
    ["time without new acknowledgements while data waits", time(DEFAULT_LIMITS.stall), "PN_HEARTBEAT_LOST"],
    ["bytes that a client sends before login", size(LOGIN_LIMITS.bytes), "the connection is closed"],
    ["head of a proxy's response to CONNECT", size(PROXY_LIMITS.head), "PN_PROXY_UNREACHABLE"],
    [
      "control messages and WebSocket pings of a session",
      `${WORK_LIMITS.controlBurst} at once, ${WORK_LIMITS.controlRate} per second`,
      "PN_CONTROL_RATE",
    ],
    [
      "frames that are read in one turn of the event loop; on a server, from all sessions of an owner",
      `${WORK_LIMITS.framesPerTurn}; of control messages, ${WORK_LIMITS.controlsPerTurn}`,
      "the others are read in later turns",
    ],
    ["time for a login", time(LOGIN_LIMITS.timeout), "PN_LOGIN_TIMEOUT"],
    [
      "connections before login, from one address",
      `${LOGIN_LIMITS.perAddress}, and ${LOGIN_LIMITS.returning} that come at the time of their hint`,
      "PN_LOGIN_BUSY with a retry hint",
    ],
  ];
  const server: Row[] = [
    ["time for the first message of a TLS handshake", time(TLS_LIMITS.hello), "the connection is closed"],
    ["first message of a TLS handshake", size(CLIENT_HELLO_LIMITS.bytes), "a TLS alert, and the connection is closed"],
    ["time for a TLS handshake", time(TLS_LIMITS.handshake), "the connection is closed"],
    ["concurrent TLS handshakes", String(TLS_LIMITS.handshakes), "the oldest is closed"],
    ["tunnels of the server", `${SERVER_LIMITS.tunnels}; \`max_tunnels\` changes it`, "PN_SERVER_TUNNEL_LIMIT"],
    ["tunnels in a session", `${SERVER_LIMITS.tunnelsPerSession}`, "PN_SESSION_TUNNEL_LIMIT"],
    [
      "connections before login, from all addresses",
      `${SERVER_LIMITS.logins}; for one address, an eighth of the free slots`,
      "PN_LOGIN_BUSY with a retry hint; an IPv6 /64 network counts as one address",
    ],
    ["sessions of a name", `${SERVER_LIMITS.sessionsPerName}`, "PN_NAME_SESSION_LIMIT"],
    [
      "sessions of an owner",
      `${SERVER_LIMITS.sessionsPerOwner}; \`max_sessions\` changes it`,
      "PN_OWNER_SESSION_LIMIT with a retry hint",
    ],
    [
      "names of an owner, including names kept for it",
      `${SERVER_LIMITS.namesPerOwner}; \`max_names\` changes it`,
      "PN_OWNER_NAME_LIMIT",
    ],
    [
      "requests for tunnels by an owner, per minute and at once",
      `${SERVER_LIMITS.bindsPerOwner}; \`bind_rate\` changes it`,
      "PN_OWNER_BIND_RATE with a retry hint",
    ],
    ["access policies of a tunnel", `${size(MAX_POLICIES)} of JSON`, "PN_POLICY_SIZE"],
    ["cost of the bcrypt hashes in them", `${BCRYPT_COSTS.client}`, "PN_POLICY_INVALID"],
    [
      "visitors, passwords and tokens that the policies of all clients remember",
      SERVER_LIMITS.policyEntries.toLocaleString("en"),
      "a tunnel with more than an equal share forgets the visitor that has used least of its limit",
    ],
    [
      "names with policies that are kept while no session serves them",
      SERVER_LIMITS.policiesKept.toLocaleString("en"),
      "what is known of the visitors of the oldest one is forgotten",
    ],
    ["time for requests in progress when a tunnel loses its name", time(SERVER_LIMITS.lastStreams), "they are reset"],
    [
      "time for which a name is kept for a disconnected owner",
      time(SERVER_LIMITS.nameHold),
      "any client may take the name",
    ],
    [
      "request records per second and tunnel",
      `${SERVER_LIMITS.listedRequests}; \`request_records\` changes it`,
      "further requests are only counted",
    ],
    [
      "memory in use, as a share of the heap limit or of the memory of the machine or container",
      Object.values(MEMORY_LIMITS).map(percent).join(", "),
      `${percent(MEMORY_LIMITS.shed)}: idle connections are closed; ${percent(MEMORY_LIMITS.close)}: every connection is closed after its response; ${percent(MEMORY_LIMITS.evict)}: the owner whose sessions hold the most unread data loses its largest session, one per second, with PN_SESSION_MEMORY; ${percent(MEMORY_LIMITS.refuse)}: visitors get 503 PN_OVERLOADED, and clients PN_LOGIN_BUSY with a retry hint of at least ${time(SERVER_LIMITS.overloadedRetry)}`,
    ],
    ["time for requests in progress when the server stops", time(SERVER_LIMITS.drain), "their connections are closed"],
  ];
  const client: Row[] = [
    ["events kept in memory", `${EVENTS_KEPT}`, "the oldest are dropped"],
    [
      "connections to the local API",
      `${LOCAL_API_LIMITS.connections}`,
      "the oldest connection that has not shown a token is closed",
    ],
    ["programs that stream events", `${LOCAL_API_LIMITS.streams}`, "503 PN_LOCAL_BUSY"],
    [
      "events that wait for a streaming program",
      size(STREAM_LIMITS.backlog),
      "further events are dropped, and the program receives the number of dropped events",
    ],
    ["time for which a streaming program does not read", time(STREAM_LIMITS.heartbeat), "the connection is closed"],
    ["head of a request to the local API", size(LOCAL_API_LIMITS.head), "431"],
    ["time for a request to the local API", time(LOCAL_API_LIMITS.request), "408, and the connection is closed"],
    ["events in one response", size(LOCAL_API_LIMITS.events), "the oldest are omitted"],
    [
      "events that wait for status_webhook",
      `${WEBHOOK_LIMITS.queue}`,
      "the oldest are dropped, and the next delivery contains the number of dropped events",
    ],
    [
      "attempts to send a delivery to status_webhook",
      `${WEBHOOK_LIMITS.attempts}`,
      "its events are dropped and counted",
    ],
  ];
  return [
    "# Limits",
    "You can change the limits that name an option; all others are fixed. This page is generated from the code with `npm run docs`; a test checks that it is up to date.",
    "## Visitors and origins",
    table(visitors),
    "## Sessions",
    table(sessions),
    "## Server",
    table(server),
    "## Reserved names",
    "No client can take these names, unless the operator replaces the list with `reserved_subdomains`. The server itself needs none of them: they look like part of the server, or other software treats them specially.",
    DEFAULT_RESERVED_NAMES.map((name) => `\`${name}\``).join(", "),
    "## Local API and webhook of the client",
    table(client),
    "",
  ].join("\n\n");
}

function table(rows: Row[]): string {
  return [
    "| limited value | limit | beyond the limit |",
    "|---|---|---|",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

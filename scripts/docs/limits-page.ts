import {
  DEFAULT_HEAD_LIMITS,
  DEFAULT_VISITOR_LIMITS,
  EXCHANGE_LIMITS,
  MEMORY_LIMITS,
  POOL_LIMITS,
  REPLAY_LIMITS,
} from "@postern/gateway";
import { EVENTS_KEPT, PROXY_LIMITS } from "@postern/client/command";
import { LOCAL_API_LIMITS, STREAM_LIMITS, WEBHOOK_LIMITS } from "@postern/cli/limits";
import { DEFAULT_LIMITS, LOGIN_LIMITS } from "@postern/protocol";
import { SERVER_LIMITS, TLS_LIMITS } from "@postern/server";

type Row = [what: string, value: string, beyond: string];

/** docs/limits.md: every limit with its value as the code has it, and what happens beyond. */
export function limitsPage(): string {
  const visitors: Row[] = [
    [
      "head of a request or response",
      size(DEFAULT_HEAD_LIMITS.bytes),
      "431 PN_HTTP_HEAD_TOO_LARGE, 414 for the request line; an origin's: 502 PN_ORIGIN_INVALID",
    ],
    ["fields in a head", `${DEFAULT_HEAD_LIMITS.fields}`, "the same"],
    [
      "whole head of a request or response, from its first byte",
      time(DEFAULT_VISITOR_LIMITS.head),
      "408 PN_HTTP_HEAD_TIMEOUT; an origin's: 504 PN_ORIGIN_TIMEOUT",
    ],
    [
      "slowest body of a request",
      `${DEFAULT_VISITOR_LIMITS.bodyRate} B/s after ${time(DEFAULT_VISITOR_LIMITS.bodyGrace)}`,
      "408 PN_HTTP_BODY_TIMEOUT; not counted while the origin takes no more, and from a minute later with `Expect: 100-continue`",
    ],
    ["body of a request", "any size", "with `--max-request-size`: 413 PN_HTTP_BODY_TOO_LARGE"],
    ["an answer's first byte, from the whole request", "any time", "with `--request-timeout`: 504 PN_ORIGIN_TIMEOUT"],
    [
      "a visitor that takes nothing of an answer that waits",
      time(DEFAULT_VISITOR_LIMITS.stall),
      "its connection is cut",
    ],
    [
      "body kept to send a request again",
      size(REPLAY_LIMITS.body),
      "a longer one is sent once, also when none of it was delivered",
    ],
    ["idle connection of a visitor", time(DEFAULT_VISITOR_LIMITS.idle), "it is closed"],
    ["reading on after an answer that ends the connection", time(DEFAULT_VISITOR_LIMITS.linger), "it is closed"],
    ["interim responses (1xx) to one request", `${EXCHANGE_LIMITS.interim}`, "502 PN_ORIGIN_INVALID"],
    ["idle stream to an origin", time(POOL_LIMITS.idle), "it is closed; earlier when the origin's Keep-Alive says so"],
  ];
  const sessions: Row[] = [
    [
      "streams open at once in a session",
      `${DEFAULT_LIMITS.streams}`,
      "503 PN_OVERLOADED to the visitor, PN_STREAM_LIMIT on the wire",
    ],
    ["guaranteed window of a stream", size(DEFAULT_LIMITS.guaranteedWindow), "the sender waits"],
    [
      "initial window of a stream",
      size(DEFAULT_LIMITS.initialWindow),
      "the sender waits; the window grows with what the path carries",
    ],
    ["what all windows of a session lend", size(DEFAULT_LIMITS.sessionWindow), "streams keep their guaranteed windows"],
    ["WebSocket message", size(DEFAULT_LIMITS.message), "the session ends"],
    ["control message", size(DEFAULT_LIMITS.control), "PN_PROTOCOL"],
    ["heartbeat", time(DEFAULT_LIMITS.heartbeat), "two in a row without a sign of life: PN_HEARTBEAT_LOST"],
    ["no progress of acknowledgements while data waits", time(DEFAULT_LIMITS.stall), "PN_HEARTBEAT_LOST"],
    ["sent by a client before it is logged in", size(LOGIN_LIMITS.bytes), "the connection is closed"],
    ["head of a proxy's answer to CONNECT", size(PROXY_LIMITS.head), "PN_PROXY_UNREACHABLE"],
    ["login", time(LOGIN_LIMITS.timeout), "PN_LOGIN_TIMEOUT"],
    [
      "connections of one address that are not logged in",
      `${LOGIN_LIMITS.perAddress}`,
      "PN_LOGIN_BUSY with a retry hint",
    ],
  ];
  const server: Row[] = [
    ["first message of a TLS handshake", time(TLS_LIMITS.hello), "the connection is closed"],
    ["whole TLS handshake", time(TLS_LIMITS.handshake), "the connection is closed"],
    ["TLS handshakes at once", String(TLS_LIMITS.handshakes), "the oldest is closed"],
    ["tunnels of a session", `${SERVER_LIMITS.tunnelsPerSession}`, "PN_TUNNEL_LIMIT"],
    [
      "connections of all addresses that are not logged in",
      `${SERVER_LIMITS.logins}, and of one address an eighth of what is left`,
      "PN_LOGIN_BUSY with a retry hint; an IPv6 network of 64 bits is one address",
    ],
    ["sessions that serve a name together", `${SERVER_LIMITS.sessionsPerName}`, "PN_TUNNEL_LIMIT"],
    ["names of an owner, those kept for it included", `${SERVER_LIMITS.namesPerOwner}`, "PN_TUNNEL_LIMIT"],
    ["what is in progress when a tunnel is taken away", time(SERVER_LIMITS.lastStreams), "it is broken off"],
    ["a name is kept for an owner that is away", time(SERVER_LIMITS.nameHold), "the name is free"],
    ["requests listed one by one, a second and tunnel", `${SERVER_LIMITS.listedRequests}`, "they are counted"],
    [
      "memory in use, of the heap or of what the machine or container allows",
      [MEMORY_LIMITS.shed, MEMORY_LIMITS.close, MEMORY_LIMITS.refuse].map((share) => `${share * 100} %`).join(", "),
      `idle connections are closed; all are, after their answer; 503 PN_OVERLOADED, and to clients PN_LOGIN_BUSY with a hint of ${time(SERVER_LIMITS.overloadedRetry)} or more`,
    ],
    ["requests in flight at a stop", time(SERVER_LIMITS.drain), "their connections are cut"],
  ];
  const client: Row[] = [
    ["events that are remembered", `${EVENTS_KEPT}`, "the oldest go"],
    ["connections to the local API", `${LOCAL_API_LIMITS.connections}`, "they are closed"],
    ["programs that follow events", `${LOCAL_API_LIMITS.streams}`, "503 PN_LOCAL_BUSY"],
    ["events that wait for one of them", size(STREAM_LIMITS.backlog), "they are counted, and it is told how many"],
    ["one of them takes nothing at all", time(STREAM_LIMITS.heartbeat), "its connection is cut"],
    ["head of a request to the local API", size(LOCAL_API_LIMITS.head), "431"],
    ["whole request to the local API", time(LOCAL_API_LIMITS.request), "408, and the connection is closed"],
    ["events in one answer", size(LOCAL_API_LIMITS.events), "the oldest are left out"],
    [
      "events that wait for status_webhook",
      `${WEBHOOK_LIMITS.queue}`,
      "the oldest are counted, and it is told how many",
    ],
    ["tries of one delivery to status_webhook", `${WEBHOOK_LIMITS.attempts}`, "its events are lost, and counted"],
  ];
  return [
    "# Limits",
    "Everything is limited. This page is made from the values in the code (`npm run docs`); a test compares them.",
    "## Visitors and origins",
    table(visitors),
    "## Sessions",
    table(sessions),
    "## The server",
    table(server),
    "## The client's status",
    table(client),
    "",
  ].join("\n\n");
}

function table(rows: Row[]): string {
  return ["| what | limit | beyond it |", "|---|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}

function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}

function time(ms: number): string {
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`;
  return `${ms / 1000} s`;
}

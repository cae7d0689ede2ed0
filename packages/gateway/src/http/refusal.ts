import { ACCESS_REFUSALS } from "../access-refusals.js";
import type { PageLink, PasswordPrompt } from "./page-form.js";

/** Why the gateway responds itself instead of relaying a message. */
export interface Refusal {
  /** Stable, `PN_…`. Visitors see it in the field `Postern-Error`. */
  readonly code: string;
  /** The HTTP status of the response. */
  readonly status: number;
  /** For the visitor: what happened, and what the visitor can do. Plain text. */
  readonly message: string;
  /** For the owner of the service or the server. Visitors do not see it; docs/errors.md shows it. */
  readonly advice?: string;
  /** Where the visitor can go from here. */
  readonly link?: PageLink;
  /** Asks visitors with a browser for a password. */
  readonly prompt?: PasswordPrompt;
  /** Seconds to wait before trying again. */
  readonly retryAfter?: number;
  /** Fields that the status requires. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
}

/** Statuses of problems that may be temporary: something was too slow, unreachable or overloaded. */
const RETRYABLE = new Set([408, 429, 502, 503, 504]);

/** Every refusal of the gateway, by code. */
export const refusals = refusalTable({
  // The request itself cannot be accepted.
  PN_HTTP_TLS: [400, "This port speaks plain HTTP, and the request was encrypted. Use http:// instead of https://."],
  PN_HTTP_PLAIN: [400, "This port speaks HTTPS, and the request was not encrypted. Use https:// instead of http://."],
  PN_HTTP_REQUEST_LINE: [400, "The first line is not an HTTP request line. Send: METHOD /path HTTP/1.1"],
  PN_HTTP_STATUS_LINE: [502, "The first line is not an HTTP status line. Send: HTTP/1.1 200 OK"],
  PN_HTTP_TARGET: [
    400,
    "The address has a form or a character that HTTP does not allow. Percent-encode special characters.",
  ],
  PN_HTTP_LINE_END: [
    400,
    "A line of the head does not end with CR LF, or contains CR or LF. End each line with CR LF.",
  ],
  PN_HTTP_FIELD_NAME: [
    400,
    "A header line has no valid name directly before its colon. Remove spaces around the name.",
  ],
  PN_HTTP_FIELD_VALUE: [400, "A header value contains a control character. Remove it."],
  PN_HTTP_FOLDED: [400, "A header line begins with white space. Put the whole header on one line."],
  PN_HTTP_HOST_MISSING: [400, "The request does not name its host. Send one Host header."],
  PN_HTTP_HOST_REPEATED: [400, "The request names its host more than once. Send one Host header."],
  PN_HTTP_HOST: [400, "The Host header is not a valid host name. Send name or name:port."],
  PN_HTTP_HOST_MISMATCH: [400, "The address and the Host header name different hosts. Send the same host in both."],
  PN_HTTP_CONTENT_LENGTH: [400, "Content-Length is not one plain decimal number. Send it once, in digits."],
  PN_HTTP_TRANSFER_ENCODING: [400, "Transfer-Encoding is repeated or malformed. Send `chunked`, once, in HTTP/1.1."],
  PN_HTTP_FRAMING: [400, "The message has both Content-Length and Transfer-Encoding. Send only one of them."],
  PN_HTTP_CONNECTION: [400, "The Connection header is malformed or names too many options. Send plain names."],
  PN_HTTP_UPGRADE: [400, "The Upgrade header is malformed. Send the name of one protocol."],
  PN_HTTP_CHUNK: [400, "The chunked body is malformed. Send each chunk as its size in hex, CRLF, data, CRLF."],
  PN_HTTP_TRAILERS_TOO_LARGE: [431, "The trailers after the body are too large. Send fewer or shorter ones."],
  PN_HTTP_METHOD: [501, "This method is not supported. Send an upper-case method other than CONNECT and TRACE."],
  PN_HTTP_CODING: [501, "This transfer coding is not supported. Send the body as it is, or `chunked`."],
  PN_HTTP_VERSION: [505, "This version of HTTP is not supported. Use HTTP/1.1."],
  PN_HTTP_EXPECTATION: [417, "This expectation is not supported. Remove the Expect header, or send `100-continue`."],
  PN_HTTP_REQUEST_LINE_TOO_LONG: [414, "The address is too long. Send long data in the body instead."],
  PN_HTTP_HEAD_TOO_LARGE: [
    431,
    "The headers are too large or too many. Clear this site's cookies, or send fewer headers.",
  ],
  PN_HTTP_BODY_TOO_LARGE: [413, "The body is larger than this server allows. Send less data, or send it in parts."],
  PN_HTTP_HEAD_TIMEOUT: [408, "The request did not arrive in time. Send it again."],
  PN_HTTP_BODY_TIMEOUT: [408, "The body arrived too slowly, or stopped. Send the request again."],
  PN_HTTP_INSECURE: [308, "This address is served over HTTPS. Use https:// instead of http://."],
  PN_HTTP_MISDIRECTED: [421, "This connection was opened for another host. Reload the page, or open a new connection."],
  PN_HTTP_HOST_UNKNOWN: [
    421,
    "This server has no HTTPS for this host. Check the address.",
    { advice: "Name the host in a certificate of `[server.ssl]`, or as the `host` of a route." },
  ],

  // The request is valid, but the gateway has no route for it.
  PN_ROUTE_UNKNOWN: [
    404,
    "Nothing is served at this address. Check the address.",
    { advice: "Add a route for this host and path. Use `postern config explain` to see the routes that were tried." },
  ],
  PN_ROUTE_METHOD: [405, "This address does not accept this method. Send one of the methods in the Allow header."],
  PN_ROUTE_MAINTENANCE: [
    503,
    "This service is being maintained. Try again later.",
    { retryAfter: 300, advice: "To serve visitors again, set `enabled = false` in `[proxy.middleware.maintenance]`." },
  ],
  PN_ROUTE_PATH: [
    400,
    "Servers can interpret the path of this address in different ways. Send it without `..`, `//`, `;` and encoded slashes.",
    { advice: "Use `postern config explain` to see how servers can interpret the path." },
  ],
  PN_FILE_UNKNOWN: [
    404,
    "Nothing is served at this address. Check the address.",
    {
      advice:
        "The folder of the route has no such file, or the file is never served: its name begins with a dot, a link leads out of the folder, or the configuration names it.",
    },
  ],
  PN_FILE_CONDITION: [412, "The file is not in the version that the request requires. Load its current version."],
  PN_FILE_RANGE: [
    416,
    "The file does not have this range, or the request has too many. Send at most 10 that do not overlap.",
  ],
  PN_FILE_UNREADABLE: [
    503,
    "This file cannot be read at the moment. Try again shortly.",
    { retryAfter: 5, advice: "The gateway's log names the file and the error of the disk." },
  ],
  PN_FILE_CHANGED: [
    503,
    "This file changed while it was sent. Load it again.",
    {
      retryAfter: 1,
      advice: "Replace files by renaming a complete file over the old one, instead of writing into the old one.",
    },
  ],

  // The route has steps, and one of them does not admit the request.
  ...ACCESS_REFUSALS,

  // The request is valid, but the service cannot respond.
  PN_TUNNEL_UNKNOWN: [
    404,
    "No service is shared at this address. Check the address, or ask the person who gave it to you.",
    { advice: "Check the tunnel's name, and that `postern http` is running." },
  ],
  PN_TUNNEL_PATH: [
    400,
    "This server does not accept addresses with `..` or control characters in their path. Send the address without them.",
    { advice: "To accept such paths, set block_suspicious_patterns = false in [tunnel.server.security]." },
  ],
  PN_TUNNEL_RATE: [
    429,
    "This address gets too many requests at the moment. Try again in a minute.",
    {
      retryAfter: 1,
      advice: "The tunnel exceeded `requests_per_minute` in `[tunnel.server.rate_limit]` of the server.",
    },
  ],
  PN_TUNNEL_CONNECTIONS: [
    429,
    "Too many visitors use this address at the moment. Try again shortly.",
    {
      retryAfter: 1,
      advice: "The tunnel exceeded `max_connections_per_tunnel` in `[tunnel.server.rate_limit]` of the server.",
    },
  ],
  PN_TUNNEL_AWAY: [
    503,
    "The service at this address is not connected at the moment. Try again shortly.",
    { retryAfter: 5, advice: "Check that the tunnel's client is running and reaches the server." },
  ],
  PN_TUNNEL_OFFLINE: [
    503,
    "The service at this address is offline. Try again later, or ask the person who gave you the address.",
    { advice: "Start the tunnel's client. With offline_status = 404, visitors get 404 instead." },
  ],
  PN_OVERLOADED: [
    503,
    "The server is overloaded at the moment. Try again shortly.",
    { retryAfter: 2, advice: "Give the server more memory, or the tunnel more sessions (connections)." },
  ],
  PN_ORIGIN_REFUSED: [
    502,
    "The service at this address cannot be reached. Try again later, or tell its owner.",
    { advice: "Check that the local service is running and that the tunnel points to its address." },
  ],
  PN_ORIGIN_UNTRUSTED: [
    502,
    "The certificate of the service at this address is not trusted, so the request was not sent to it. Tell its owner.",
    {
      advice:
        "Set local_ca_file (--local-ca-file) to the service's certificate or its CA, or local_verify = false (--local-insecure).",
    },
  ],
  PN_ORIGIN_SCHEME: [
    502,
    "The service at this address uses HTTPS and is addressed with HTTP, or the reverse. Tell its owner.",
    { advice: "Change the scheme of the tunnel's target: https:// for a service with TLS, otherwise http://." },
  ],
  PN_ORIGIN_BROKEN: [
    502,
    "The service closed the connection before it responded. Try again later, or tell its owner.",
    { advice: "Look at the log of the local service." },
  ],
  PN_ORIGIN_INVALID: [
    502,
    "The service sent an invalid HTTP response. Try again later, or tell its owner.",
    { advice: "Look at the log of the local service." },
  ],
  PN_ORIGIN_LOOP: [
    508,
    "The service at this address forwards its requests back to this address. Tell its owner.",
    { advice: "Point the service's proxy at its backend, not at the tunnel's public address." },
  ],
  PN_ORIGIN_TIMEOUT: [
    504,
    "The service did not respond in time. Try again later, or tell its owner.",
    { advice: "Look at the log of the local service." },
  ],
  PN_TARGET_REFUSED: [
    502,
    "The service at this address cannot be reached. Try again later, or tell its owner.",
    { advice: "The gateway's log names the route's target and the reason. Check that the target is running." },
  ],
  PN_TARGET_UNTRUSTED: [
    502,
    "The certificate of the service at this address is not trusted, so the request was not sent to it. Tell its owner.",
    { advice: "The gateway's log names the target and the reason. Set the CA of the target's certificate." },
  ],
  PN_TARGET_SCHEME: [
    502,
    "The service at this address uses HTTPS and is addressed with HTTP, or the reverse. Tell its owner.",
    { advice: "Change the scheme of the route's target: https:// for a service with TLS, otherwise http://." },
  ],
  PN_TARGET_BROKEN: [
    502,
    "The service closed the connection before it responded. Try again later, or tell its owner.",
    { advice: "Look at the log of the route's target." },
  ],
  PN_TARGETS_DOWN: [
    503,
    "The service at this address is not available at the moment. Try again shortly.",
    {
      retryAfter: 1,
      advice:
        "No target of the route accepts requests. The gateway's log and `postern status` show why. A target with the weight 0 gets no requests.",
    },
  ],
  PN_TARGET_TIMEOUT: [
    504,
    "The service did not respond in time. Try again later, or tell its owner.",
    { advice: "Look at the log of the route's target. Its `timeout` may be too short for slow requests." },
  ],
});

type Entry = readonly [status: number, message: string, more?: Pick<Refusal, "retryAfter" | "fields" | "advice">];

/** A table of refusals, each under its code. */
export function refusalTable<Code extends string>(entries: Record<Code, Entry>): Readonly<Record<Code, Refusal>> {
  const result = {} as Record<Code, Refusal>;
  for (const code of Object.keys(entries) as Code[]) {
    const [status, message, more] = entries[code];
    result[code] = Object.freeze({ code, status, message, retryable: RETRYABLE.has(status), ...more });
  }
  return Object.freeze(result);
}

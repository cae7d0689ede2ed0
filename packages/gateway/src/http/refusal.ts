/** Why the gateway answers by itself instead of passing a message on. */
export interface Refusal {
  /** Stable, `PN_…`; visitors see it in the field `Postern-Error`. */
  readonly code: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** For a person: what happened and what to do next. Plain text. */
  readonly message: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
  /** Fields that its status calls for. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Whether the same request can succeed at another time. */
  readonly retryable: boolean;
}

/** What was too slow, is away or overloaded may be better the next time. */
const RETRYABLE = new Set([408, 502, 503, 504]);

/** Every refusal of the gateway's own, by code. */
export const refusals = refusalTable({
  // What a visitor sent cannot be read as one HTTP/1.1 request.
  PN_HTTP_TLS: [400, "This is a plain HTTP port and the request was encrypted. Use http:// instead of https:// here."],
  PN_HTTP_PLAIN: [
    400,
    "This port speaks HTTPS and the request was not encrypted. Use https:// instead of http:// here.",
  ],
  PN_HTTP_REQUEST_LINE: [400, "The first line is no HTTP request line. It reads: METHOD /path HTTP/1.1"],
  PN_HTTP_STATUS_LINE: [502, "The first line is no HTTP status line. It reads: HTTP/1.1 200 OK"],
  PN_HTTP_TARGET: [400, "The address has a form or a character that HTTP does not allow. Percent-encode it."],
  PN_HTTP_LINE_END: [400, "Lines of an HTTP head end with CR and LF, and neither may stand alone. Send both."],
  PN_HTTP_FIELD_NAME: [400, "A header line has no valid name directly followed by a colon. Remove spaces around it."],
  PN_HTTP_FIELD_VALUE: [400, "A header value has a control character in it. Remove it."],
  PN_HTTP_FOLDED: [400, "A header line begins with white space. Put the whole header on one line."],
  PN_HTTP_HOST_MISSING: [400, "The request does not say which host it is for. Send one Host header."],
  PN_HTTP_HOST_REPEATED: [400, "The request names its host more than once. Send one Host header."],
  PN_HTTP_HOST: [400, "The Host header is no valid host name. Send name or name:port."],
  PN_HTTP_HOST_MISMATCH: [400, "The address and the Host header name different hosts. Send the same in both."],
  PN_HTTP_CONTENT_LENGTH: [400, "Content-Length is not one plain decimal number. Send it once, in digits."],
  PN_HTTP_TRANSFER_ENCODING: [400, "Transfer-Encoding is repeated or malformed. Send `chunked`, once, in HTTP/1.1."],
  PN_HTTP_FRAMING: [400, "The message has Content-Length and Transfer-Encoding, so its end is unclear. Send one."],
  PN_HTTP_CONNECTION: [400, "The Connection header is malformed or names too many options. Send plain names."],
  PN_HTTP_UPGRADE: [400, "The Upgrade header is malformed. Send the name of one protocol."],
  PN_HTTP_CHUNK: [400, "The chunked body is malformed. Send each chunk as its size in hex, CRLF, data, CRLF."],
  PN_HTTP_TRAILERS_TOO_LARGE: [431, "The trailers after the body are too large. Send fewer or shorter ones."],
  PN_HTTP_METHOD: [501, "This method is not supported. Methods are upper case; CONNECT and TRACE are never served."],
  PN_HTTP_CODING: [501, "This transfer coding is not supported. Send the body as it is, or `chunked`."],
  PN_HTTP_H2C: [501, "HTTP/2 without TLS is not spoken here. Use HTTP/1.1, without `Upgrade: h2c`."],
  PN_HTTP_VERSION: [505, "This version of HTTP is not spoken here. Use HTTP/1.1."],
  PN_HTTP_EXPECTATION: [417, "Only the expectation `100-continue` can be met. Remove the Expect header."],
  PN_HTTP_REQUEST_LINE_TOO_LONG: [414, "The address is too long. Send long data in the body instead."],
  PN_HTTP_HEAD_TOO_LARGE: [
    431,
    "The header lines are too large or too many. Clear this site's cookies, or send fewer.",
  ],
  PN_HTTP_BODY_TOO_LARGE: [413, "The body is larger than is allowed here. Send less, or in parts."],
  PN_HTTP_HEAD_TIMEOUT: [408, "The request did not arrive in time. Send it again."],
  PN_HTTP_BODY_TIMEOUT: [408, "The body came too slowly, or stopped coming. Send it again."],
  PN_HTTP_INSECURE: [308, "This address is served over HTTPS. Use https:// instead of http:// here."],
  PN_HTTP_MISDIRECTED: [421, "This connection was opened for another host. Open a new one for this host."],

  // The request is fine, the way to a service is not.
  PN_TUNNEL_UNKNOWN: [404, "There is no tunnel at this address. Check the name, and that `postern http` is running."],
  PN_TUNNEL_AWAY: [503, "The tunnel's client is not connected at the moment. Try again shortly.", { retryAfter: 5 }],
  PN_OVERLOADED: [503, "The server has too much to do at the moment. Try again shortly.", { retryAfter: 2 }],
  PN_ORIGIN_REFUSED: [502, "The local service behind the tunnel cannot be reached. Check that it is running."],
  PN_ORIGIN_BROKEN: [502, "The local service closed the connection before it had answered. Look at its log."],
  PN_ORIGIN_INVALID: [502, "The local service sent something that is no valid HTTP response. Look at its log."],
  PN_ORIGIN_TIMEOUT: [504, "The local service did not answer in time. Try again, or look at its log."],
});

type Entry = readonly [status: number, message: string, more?: Pick<Refusal, "retryAfter" | "fields">];

/** A table of refusals, each under its code. */
export function refusalTable<Code extends string>(entries: Record<Code, Entry>): Readonly<Record<Code, Refusal>> {
  const result = {} as Record<Code, Refusal>;
  for (const code of Object.keys(entries) as Code[]) {
    const [status, message, more] = entries[code];
    result[code] = Object.freeze({ code, status, message, retryable: RETRYABLE.has(status), ...more });
  }
  return Object.freeze(result);
}

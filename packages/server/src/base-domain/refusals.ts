import { refusalTable, type Refusal } from "@postern/gateway";
import { SUBPROTOCOL } from "@postern/protocol";

/** Why a request to the base domain is refused. */
export type BaseDomainRefusal =
  | "PN_PAGE_UNKNOWN"
  | "PN_PAGE_METHOD"
  | "PN_CONNECT_UPGRADE"
  | "PN_CONNECT_HANDSHAKE"
  | "PN_CONNECT_VERSION"
  | "PN_CONNECT_SUBPROTOCOL"
  | "PN_METRICS_TOKEN"
  | "PN_METRICS_ELSEWHERE";

/** Every refusal of the base domain, by code. @param tunnelPattern the URLs of the server's tunnels as a pattern. */
export function baseDomainRefusals(tunnelPattern: string): Readonly<Record<BaseDomainRefusal, Refusal>> {
  return refusalTable({
    PN_PAGE_UNKNOWN: [
      404,
      `This is a Postern server. It has no page at this path. Its tunnels are at \`${tunnelPattern}\`.`,
    ],
    PN_PAGE_METHOD: [
      405,
      "This page of the Postern server is read-only. Use GET or HEAD.",
      { fields: { Allow: "GET, HEAD" } },
    ],
    PN_CONNECT_UPGRADE: [
      426,
      "Postern clients connect here by WebSocket. If a client got this response, a proxy in between removed the Upgrade header.",
      { fields: { Upgrade: "websocket" } },
    ],
    PN_CONNECT_HANDSHAKE: [400, "This is not a valid WebSocket handshake for `/connect`. Connect with `postern http`."],
    PN_CONNECT_VERSION: [
      426,
      "This server supports WebSocket version 13 only. Request that version.",
      { fields: { Upgrade: "websocket", "Sec-WebSocket-Version": "13" } },
    ],
    PN_CONNECT_SUBPROTOCOL: [
      400,
      `This server needs the WebSocket subprotocol \`${SUBPROTOCOL}\`. Use a Postern client of the same version as the server.`,
    ],
    PN_METRICS_TOKEN: [
      401,
      "The metrics require a token. Send it as a bearer token.",
      { fields: { "WWW-Authenticate": 'Bearer realm="metrics"' } },
    ],
    PN_METRICS_ELSEWHERE: [
      403,
      "The metrics are not available from this address. Ask the server's operator for access.",
      { advice: "Set metrics_token, and send it as a bearer token, to read the metrics from other machines." },
    ],
  });
}

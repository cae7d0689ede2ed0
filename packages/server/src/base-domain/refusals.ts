import { refusalTable, type Refusal } from "@postern/gateway";
import { SUBPROTOCOL } from "@postern/protocol";

/** Why the server itself does not answer what it was asked. */
export type FrontDeskRefusal =
  | "PN_PAGE_UNKNOWN"
  | "PN_PAGE_METHOD"
  | "PN_CONNECT_UPGRADE"
  | "PN_CONNECT_HANDSHAKE"
  | "PN_CONNECT_VERSION"
  | "PN_CONNECT_SUBPROTOCOL"
  | "PN_METRICS_TOKEN"
  | "PN_METRICS_ELSEWHERE";

/** Every refusal of the server itself, by code, as one says it whose tunnels have addresses like `tunnels`. */
export function frontDeskRefusals(tunnels: string): Readonly<Record<FrontDeskRefusal, Refusal>> {
  return refusalTable({
    PN_PAGE_UNKNOWN: [
      404,
      `This is a Postern server, and it has nothing under this path. Its tunnels are at \`${tunnels}\`.`,
    ],
    PN_PAGE_METHOD: [
      405,
      "This page of the Postern server can only be read. Use GET or HEAD.",
      { fields: { Allow: "GET, HEAD" } },
    ],
    PN_CONNECT_UPGRADE: [
      426,
      "Postern clients connect here, by WebSocket. If this was one, let the proxies on its way pass Upgrade on.",
      { fields: { Upgrade: "websocket" } },
    ],
    PN_CONNECT_HANDSHAKE: [400, "Only a WebSocket handshake for `/connect` is taken here. Connect by `postern http`."],
    PN_CONNECT_VERSION: [
      426,
      "WebSockets here have version 13. Ask for that one.",
      { fields: { Upgrade: "websocket", "Sec-WebSocket-Version": "13" } },
    ],
    PN_CONNECT_SUBPROTOCOL: [
      400,
      `Clients here speak the WebSocket subprotocol \`${SUBPROTOCOL}\`. Use a client of this server's version.`,
    ],
    PN_METRICS_TOKEN: [
      401,
      "The metrics are for those who have the metrics_token. Send it as a bearer token.",
      { fields: { "WWW-Authenticate": 'Bearer realm="metrics"' } },
    ],
    PN_METRICS_ELSEWHERE: [
      403,
      "Only this machine itself may read the metrics. Set a metrics_token to read them from elsewhere.",
    ],
  });
}

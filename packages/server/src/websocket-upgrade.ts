import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SUBPROTOCOL, WEBSOCKET_GUID } from "@postern/protocol";

/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** The whole answer to a request for an upgrade, as it goes to the socket. */
export interface UpgradeAnswer {
  accepted: boolean;
  text: string;
}

/** Answers the server's side of the WebSocket handshake: RFC 6455, section 4.2. */
export function answerUpgrade(request: IncomingMessage): UpgradeAnswer {
  const { headers } = request;
  const key = headers["sec-websocket-key"] ?? "";
  const asked =
    request.method === "GET" &&
    request.httpVersion === "1.1" &&
    has(headers.upgrade, "websocket") &&
    has(headers.connection, "upgrade");
  if (!asked || !KEY.test(key)) return refusal("400 Bad Request", "This is not a WebSocket handshake.");
  if (headers["sec-websocket-version"] !== "13") {
    return refusal("426 Upgrade Required", "WebSocket version 13 is spoken here.", "Sec-WebSocket-Version: 13\r\n");
  }
  if (!list(headers["sec-websocket-protocol"]).includes(SUBPROTOCOL)) {
    return refusal("400 Bad Request", `Clients connect here with the WebSocket subprotocol ${SUBPROTOCOL}.`);
  }
  const accept = createHash("sha1").update(key).update(WEBSOCKET_GUID).digest("base64");
  const text =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`;
  return { accepted: true, text };
}

/** An answer after which the connection ends. `fields` are further header lines. */
export function refusal(status: string, why: string, fields = ""): UpgradeAnswer {
  const text = `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${why.length + 1}\r\n${fields}Connection: close\r\n\r\n${why}\n`;
  return { accepted: false, text };
}

function list(field: string | undefined): string[] {
  return (field ?? "").split(",").map((item) => item.trim());
}

/** Whether the list in `field` names `item`, in any case. */
function has(field: string | undefined, item: string): boolean {
  return list(field?.toLowerCase()).includes(item);
}

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SUBPROTOCOL, WEBSOCKET_GUID } from "@postern/protocol";
import type { BaseDomainRefusal } from "./refusals.js";

export type UpgradeRefusal = Extract<BaseDomainRefusal, `PN_CONNECT_${string}`>;

/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Whether the request offers WebSocket, perhaps among other protocols. */
export function offersWebSocket({ headers }: IncomingMessage): boolean {
  return has(headers.upgrade, "websocket");
}

/** Why an upgrade is refused; undefined: it is accepted (RFC 6455, section 4.2.1). */
export function upgradeFault(request: IncomingMessage): UpgradeRefusal | undefined {
  const { headers } = request;
  const isUpgrade =
    request.method === "GET" &&
    request.httpVersion === "1.1" &&
    offersWebSocket(request) &&
    has(headers.connection, "upgrade");
  if (!isUpgrade || !KEY.test(keyOf(request))) return "PN_CONNECT_HANDSHAKE";
  if (headers["sec-websocket-version"] !== "13") return "PN_CONNECT_VERSION";
  return list(headers["sec-websocket-protocol"]).includes(SUBPROTOCOL) ? undefined : "PN_CONNECT_SUBPROTOCOL";
}

/** The head of the response that accepts the upgrade (RFC 6455, section 4.2.2). */
export function acceptUpgrade(request: IncomingMessage): string {
  const accept = createHash("sha1")
    .update(keyOf(request) + WEBSOCKET_GUID)
    .digest("base64");
  return (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`
  );
}

function keyOf({ headers }: IncomingMessage): string {
  return headers["sec-websocket-key"] ?? "";
}

function list(field: string | undefined): string[] {
  return (field ?? "").split(",").map((item) => item.trim());
}

/** Whether the comma-separated list `field` has `item`, ignoring case. */
function has(field: string | undefined, item: string): boolean {
  return list(field?.toLowerCase()).includes(item);
}

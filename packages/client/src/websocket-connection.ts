import { createHash, randomBytes } from "node:crypto";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { SUBPROTOCOL, TunnelError, WEBSOCKET_GUID, WebSocketTransport } from "@postern/protocol";
import { bareHost, dial } from "./dial.js";

export interface ConnectionEvents {
  /** The WebSocket stands. Its handler is to be set before returning. */
  onOpen(transport: WebSocketTransport): void;
  /** There will be none. */
  onFailure(error: TunnelError): void;
}

/** The client's way to a WebSocket: connection and handshake (RFC 6455, section 4.1). */
export class WebSocketConnection {
  readonly #request: ClientRequest;
  #transport: WebSocketTransport | undefined;

  /** `address` is `ws://` or `wss://`; `headers` go along with the request. */
  constructor(address: URL, headers: Record<string, string>, events: ConnectionEvents) {
    const key = randomBytes(16).toString("base64");
    this.#request = request({ createConnection: () => dialServer(address), path: address.pathname + address.search });
    const fields = {
      Host: address.host,
      ...headers,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Protocol": SUBPROTOCOL,
    };
    for (const [name, value] of Object.entries(fields)) this.#request.setHeader(name, value);

    this.#request.on("error", (error) => events.onFailure(connectError(error)));
    this.#request.on("response", (response) => {
      events.onFailure(new TunnelError("PN_SERVER_REFUSED", `HTTP ${response.statusCode}`));
      this.end();
    });
    this.#request.on("upgrade", (response, socket, head) => {
      const fault = handshakeFault(response, key);
      if (fault !== undefined) {
        events.onFailure(new TunnelError("PN_SERVER_REFUSED", fault));
        return this.end();
      }
      const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
      this.#transport = new WebSocketTransport({ socket, role: "client", head, setTimer });
      events.onOpen(this.#transport);
    });
    this.#request.end();
  }

  /** Gives it up, also once it is open, without a closing handshake. Can be called twice. */
  end(): void {
    this.#transport?.terminate();
    this.#request.destroy();
  }
}

function dialServer(address: URL): Socket {
  const tls = address.protocol === "wss:";
  return dial({ host: bareHost(address), port: Number(address.port || (tls ? 443 : 80)), tls });
}

/** What is wrong with the answer to our handshake; undefined when nothing is. */
function handshakeFault({ headers }: IncomingMessage, key: string): string | undefined {
  const accept = createHash("sha1").update(key).update(WEBSOCKET_GUID).digest("base64");
  if (headers.upgrade?.toLowerCase() !== "websocket") return "it upgrades to something else";
  if (headers["sec-websocket-accept"] !== accept) return "it does not answer the WebSocket's key";
  if (headers["sec-websocket-protocol"] !== SUBPROTOCOL) return `it does not speak ${SUBPROTOCOL}`;
  if (headers["sec-websocket-extensions"] !== undefined) return "it uses an extension that was not offered";
  return undefined;
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME/;

function connectError(error: NodeJS.ErrnoException): TunnelError {
  const untrusted = UNTRUSTED.test(error.code ?? "");
  return new TunnelError(
    untrusted ? "PN_SERVER_UNTRUSTED" : "PN_SERVER_UNREACHABLE",
    error.message || (error.code ?? ""),
  );
}

import { createHash, randomBytes } from "node:crypto";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { SUBPROTOCOL, TunnelError, WEBSOCKET_GUID, WebSocketTransport } from "@postern/protocol";
import { trustFault, type ClientTls, dialFault, type Lookup } from "@postern/net";
import type { Proxy } from "./proxy-address.js";
import { dialServer, lateError, requestConnection } from "./server-dial.js";

export interface ConnectionEvents {
  /** The WebSocket stands. Its handler is to be set before returning. */
  onOpen(transport: WebSocketTransport): void;
  /** There will be none. */
  onFailure(error: TunnelError): void;
}

export interface ConnectionAddress {
  /** `ws://` or `wss://`. */
  address: URL;
  /** They go along with the request. */
  headers: Record<string, string>;
  tls: ClientTls;
  /** What the connection goes through. */
  proxy?: Proxy | undefined;
  lookup?: Lookup | undefined;
}

/** The client's way to a WebSocket: connection and handshake (RFC 6455, section 4.1). */
export class WebSocketConnection {
  readonly #request: ClientRequest;
  readonly #stop = new AbortController();
  /** The error that it is when what is waited for does not come in time. */
  late = lateError("nothing yet");
  #transport: WebSocketTransport | undefined;

  constructor({ address, headers, tls, proxy, lookup }: ConnectionAddress, events: ConnectionEvents) {
    const key = randomBytes(16).toString("base64");
    this.#request = request({
      createConnection: requestConnection(async () => {
        const { signal } = this.#stop;
        const onWait = (...awaited: Parameters<typeof lateError>): void => void (this.late = lateError(...awaited));
        const socket = await dialServer({ address, tls, proxy, lookup, signal, onWait });
        onWait("the answer to the WebSocket's handshake");
        return socket;
      }),
      path: address.pathname + address.search,
    });
    const fields = {
      Host: hostField(address, tls),
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
      this.late = lateError("the answer to the login");
      events.onOpen(this.#transport);
    });
    this.#request.end();
  }

  /** Gives it up, also once it is open, without a closing handshake. Can be called twice. */
  end(): void {
    this.#transport?.terminate();
    this.#stop.abort();
    this.#request.destroy();
  }
}

/** A server refuses a Host that is not the name of the handshake. */
export function hostField(address: URL, { serverName }: ClientTls): string {
  if (serverName === undefined || !isTls(address)) return address.host;
  return address.port === "" ? serverName : `${serverName}:${address.port}`;
}

function isTls({ protocol }: URL): boolean {
  return protocol === "wss:";
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

/** TLS alerts by which a server, or a proxy before it, says that it wants another certificate of the client (RFC 8446, section 6.2). */
const CERTIFICATE_REFUSED = /^ERR_SSL_.*_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA)$/;

/** A failure on the way to the server, with what to do about it. */
export function connectError(error: NodeJS.ErrnoException): TunnelError {
  if (error instanceof TunnelError) return error;
  const fault = trustFault(error);
  if (fault !== undefined) return new TunnelError("PN_SERVER_UNTRUSTED", fault);
  const isRefused = CERTIFICATE_REFUSED.test(error.code ?? "");
  return isRefused
    ? new TunnelError("PN_AUTH_REFUSED", error.message)
    : new TunnelError("PN_SERVER_UNREACHABLE", dialFault(error));
}

import { createHash, randomBytes } from "node:crypto";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { SUBPROTOCOL, TunnelError, WEBSOCKET_GUID, WebSocketTransport } from "@postern/protocol";
import { builtins, trustFault, type ClientTls, dialFault, type Lookup, tunnelSocket } from "@postern/net";
import type { Proxy } from "./proxy-address.js";
import { dialServer, isTlsUrl, lateError, requestConnection } from "./server-dial.js";
import { mayUseTls, responseFault, tlsServerFault } from "./wrong-scheme.js";

export interface ConnectionEvents {
  /** The TCP connection to the server, or to the proxy, is open. */
  onAccepted?(): void;
  /** The WebSocket is open. The handler must be set before this returns. */
  onOpen(transport: WebSocketTransport): void;
  /** The connection or the handshake failed. */
  onFailure(error: TunnelError): void;
}

export interface ConnectionAddress {
  /** `ws://` or `wss://`. */
  address: URL;
  /** Additional fields of the handshake. */
  headers: Record<string, string>;
  tls: ClientTls;
  proxy?: Proxy | undefined;
  lookup?: Lookup | undefined;
}

/** The client's side of a WebSocket handshake, with its connection (RFC 6455, section 4.1). */
export class WebSocketConnection {
  readonly #request: ClientRequest;
  readonly #stop = new AbortController();
  /** The error to report if the connection times out at this moment. */
  late = lateError("the dial to begin");
  #transport: WebSocketTransport | undefined;

  constructor({ address, headers, tls, proxy, lookup }: ConnectionAddress, events: ConnectionEvents) {
    const key = randomBytes(16).toString("base64");
    this.#request = builtins.http.request({
      createConnection: requestConnection(async () => {
        const { signal } = this.#stop;
        const onWait = (...awaited: Parameters<typeof lateError>): void => void (this.late = lateError(...awaited));
        const onAccepted = (): void => events.onAccepted?.();
        const socket = await dialServer({ address, tls, proxy, lookup, signal, onWait, onAccepted });
        onWait("the response to the WebSocket handshake");
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

    /** Fails with `error`, unless `cause` comes from a wrong scheme. */
    const fail = async (error: TunnelError, cause: Error | number): Promise<void> => {
      const { signal } = this.#stop;
      const isSuspect = mayUseTls(cause) && !signal.aborted;
      const fault = isSuspect ? await tlsServerFault({ address, proxy, lookup, signal }) : undefined;
      events.onFailure(fault === undefined ? error : new TunnelError("PN_SERVER_SCHEME", fault));
      this.end();
    };
    this.#request.on("error", (error) => void fail(connectError(error), error));
    this.#request.on("response", ({ statusCode = 0, headers }) => {
      const fault = responseFault(address, statusCode, headers);
      const error = fault === undefined ? refused(`HTTP ${statusCode}`) : new TunnelError("PN_SERVER_SCHEME", fault);
      void fail(error, fault === undefined ? statusCode : 0);
    });
    this.#request.on("upgrade", (response, socket, head) => {
      const fault = handshakeFault(response, key);
      if (fault !== undefined) {
        events.onFailure(refused(fault));
        return this.end();
      }
      const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
      const tunnel = tunnelSocket(socket as Socket);
      this.#transport = new WebSocketTransport({ socket, role: "client", head, setTimer, ...tunnel });
      this.late = lateError("the response to the login");
      events.onOpen(this.#transport);
    });
    this.#request.end();
  }

  /** Aborts the handshake, or closes the open WebSocket without a closing handshake. Can be called twice. */
  end(): void {
    this.#transport?.terminate();
    this.#stop.abort();
    this.#request.destroy();
  }
}

function refused(detail: string): TunnelError {
  return new TunnelError("PN_SERVER_REFUSED", detail);
}

/** The Host field. It must match the name in the TLS handshake; otherwise the server refuses the request. */
export function hostField(address: URL, { serverName }: ClientTls): string {
  if (serverName === undefined || !isTlsUrl(address)) return address.host;
  return address.port === "" ? serverName : `${serverName}:${address.port}`;
}

/** Why the response is not a valid handshake; undefined when it is valid. */
function handshakeFault({ headers }: IncomingMessage, key: string): string | undefined {
  const accept = createHash("sha1").update(key).update(WEBSOCKET_GUID).digest("base64");
  if (headers.upgrade?.toLowerCase() !== "websocket") return "it upgraded to another protocol";
  if (headers["sec-websocket-accept"] !== accept) return "its response does not match the WebSocket key";
  if (headers["sec-websocket-protocol"] !== SUBPROTOCOL) return `it does not support the subprotocol ${SUBPROTOCOL}`;
  if (headers["sec-websocket-extensions"] !== undefined) return "it uses an extension that the client did not offer";
  return undefined;
}

/**
 * TLS alerts with which a server, or a proxy in front of it, refuses the client's certificate (RFC 8446, section 6.2).
 */
const CERTIFICATE_REFUSED = /^ERR_SSL_.*_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA)$/;

/** Converts an error of the connection to the server to a TunnelError. */
export function connectError(error: NodeJS.ErrnoException): TunnelError {
  if (error instanceof TunnelError) return error;
  const fault = trustFault(error);
  if (fault !== undefined) return new TunnelError("PN_SERVER_UNTRUSTED", fault);
  const isRefused = CERTIFICATE_REFUSED.test(error.code ?? "");
  return isRefused
    ? new TunnelError("PN_AUTH_REFUSED", dialFault(error))
    : new TunnelError("PN_SERVER_UNREACHABLE", dialFault(error));
}

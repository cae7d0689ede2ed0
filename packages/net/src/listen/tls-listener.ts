import type { Server as Listener, Socket } from "node:net";
import type { TLSSocket, TLSSocketOptions } from "node:tls";
import { builtins } from "../builtins.js";
import { Linked, LinkedList } from "../linked-list.js";
import type { Certificates } from "../tls/certificates.js";
import type { ClientCa } from "../tls/client-ca.js";
import { peekClientHello } from "../tls/peek.js";
import { PROBE_AFTER } from "./socket-options.js";
import { tcpListener } from "./tcp-listener.js";

export const TLS_LIMITS = {
  /** Timeout of the first message of a handshake, and of the whole handshake, in milliseconds. */
  hello: 5_000,
  handshake: 10_000,
  /** Handshakes in progress. One more ends the oldest. */
  handshakes: 8_192,
} as const;

export interface TlsListenerOptions {
  certificates: Certificates;
  /**
   * The CA of the certificate to request from a client that connects to this name. Undefined: none is requested. Other
   * browsers must not receive the request, because they would prompt the user.
   */
  clientCaFor: (serverName: string | undefined) => ClientCa | undefined;
  /** Default TLS_LIMITS.handshakes. */
  maxHandshakes?: number;
  /** See `setOptions`. Default PROBE_AFTER. */
  probeAfter?: number | undefined;
  /** The handshake is complete. With `clientCa`, a certificate of that CA was requested. */
  onConnection: (socket: TLSSocket, serverName: string | undefined, clientCa: ClientCa | undefined) => void;
  /** The connection begins with text instead of a handshake, most likely an HTTP request. It is still unread. */
  onUnencrypted: (socket: Socket) => void;
}

/**
 * Accepts TLS connections. It reads the complete ClientHello first, because the choice of the certificate depends on
 * the name in it. Bytes that are not a ClientHello get an alert, so no certificate is chosen by accident.
 */
export class TlsListener {
  readonly #options: TlsListenerOptions;
  /** Connections whose handshake is in progress, the oldest first. */
  readonly #pending = new LinkedList<Handshake>();

  constructor(options: TlsListenerOptions) {
    this.#options = options;
  }

  listener(): Listener {
    return tcpListener((socket) => void this.#accept(socket), this.#options.probeAfter ?? PROBE_AFTER);
  }

  /** Ends all handshakes in progress. */
  close(): void {
    for (const { socket } of this.#pending) socket.destroy();
  }

  async #accept(socket: Socket): Promise<void> {
    const handshake = new Handshake(socket);
    this.#pending.add(handshake);
    if (this.#pending.size > (this.#options.maxHandshakes ?? TLS_LIMITS.handshakes)) {
      this.#pending.oldest?.socket.destroy();
    }
    const deadline = setTimeout(() => socket.destroy(), TLS_LIMITS.handshake);
    const done = (): void => {
      clearTimeout(deadline);
      this.#pending.remove(handshake);
    };
    socket.on("error", () => {}).on("close", done);
    const peeked = await peekClientHello(socket, TLS_LIMITS.hello);
    switch (peeked.kind) {
      case "hello":
        return this.#shakeHands(socket, peeked.serverName, done);
      case "text":
        done();
        this.#options.onUnencrypted(socket);
        return void socket.resume();
      case "invalid":
        // Unread input would turn the end into a reset, which can overtake the alert. The deadline ends the reading.
        return void socket.end(fatalAlert(peeked.alert)).resume();
      case "gone":
        socket.destroy();
    }
  }

  #shakeHands(socket: Socket, serverName: string | undefined, done: () => void): void {
    const { certificates, clientCaFor, onConnection } = this.#options;
    const clientCa = clientCaFor(serverName);
    const secure = visitorTlsSocket(socket, {
      isServer: true,
      secureContext: certificates.contextFor(serverName, clientCa),
      requestCert: clientCa !== undefined,
      // A missing or wrong certificate is refused later, with a code and a message.
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    secure.on("error", () => socket.destroy());
    secure.once("secure", () => {
      done();
      onConnection(secure, serverName, clientCa);
    });
  }
}

/** A connection whose handshake is in progress. */
class Handshake extends Linked<Handshake> {
  readonly socket: Socket;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
  }
}

/** A record with a fatal alert (RFC 8446, sections 5.1 and 6). */
function fatalAlert(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}

/** A TLS connection that ends at a fatal error, and that can be reset like a connection without TLS. */
function visitorTlsSocket(raw: Socket, options: TLSSocketOptions): TLSSocket {
  const socket = new builtins.tls.TLSSocket(raw, options);
  // After the handshake, node:tls reports errors in this way only, unless the socket belongs to a tls.Server.
  socket.on("_tlsError", (error: Error) => socket.destroy(error));
  socket.resetAndDestroy = () => {
    raw.resetAndDestroy();
    return socket.destroy();
  };
  return socket;
}

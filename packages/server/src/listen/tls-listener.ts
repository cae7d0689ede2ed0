import { createServer, type Server as Listener, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { nextRequestId, refusals, writeAnswer } from "@postern/gateway";
import { peekClientHello, type Certificates } from "@postern/net";

export const TLS_LIMITS = {
  /** How long the first message of a handshake may take, and the whole of it, in milliseconds. */
  hello: 5_000,
  handshake: 10_000,
  /** Handshakes that may go on at once; of more, the oldest is given up. */
  handshakes: 8_192,
} as const;

export interface TlsFrontOptions {
  certificates: Certificates;
  /** Whether who asks for this name is asked for a certificate of its own. Nobody else is, and no browser is prompted. */
  asksCertificate: (serverName: string | undefined) => boolean;
  /** Default TLS_LIMITS.handshakes. */
  mostHandshakes?: number;
  /** The handshake is done. */
  onConnection: (socket: Socket, serverName: string | undefined) => void;
}

/**
 * Accepts TLS. The ClientHello is read first, because the name in it decides about everything else: one that comes in pieces waits, what is
 * none is closed, and nothing falls to a default by chance.
 */
export class TlsFront {
  readonly #options: TlsFrontOptions;
  /** Connections whose handshake goes on. */
  readonly #pending = new Set<Socket>();

  constructor(options: TlsFrontOptions) {
    this.#options = options;
  }

  /** A listener whose connections come here. `sockets` as node:net takes them; half-open connections are allowed. */
  listener(sockets: object): Listener {
    return createServer({ ...sockets, allowHalfOpen: true }, (socket) => void this.#accept(socket));
  }

  /** Ends what has not become a connection yet. */
  close(): void {
    for (const socket of this.#pending) socket.destroy();
  }

  async #accept(socket: Socket): Promise<void> {
    this.#pending.add(socket);
    if (this.#pending.size > (this.#options.mostHandshakes ?? TLS_LIMITS.handshakes)) {
      const [oldest] = this.#pending;
      oldest?.destroy();
    }
    const deadline = setTimeout(() => socket.destroy(), TLS_LIMITS.handshake);
    const done = (): void => {
      clearTimeout(deadline);
      this.#pending.delete(socket);
    };
    socket.on("error", () => {}).on("close", done);
    const peeked = await peekClientHello(socket, TLS_LIMITS.hello);
    if (peeked.kind !== "hello") {
      if (peeked.kind === "invalid" && socket.writable) socket.end(plainAnswer(), () => socket.destroy());
      else socket.destroy();
      return;
    }
    const { serverName } = peeked;
    const { certificates, asksCertificate, onConnection } = this.#options;
    const asks = asksCertificate(serverName);
    const secure = new VisitorTlsSocket(socket, {
      isServer: true,
      secureContext: certificates.contextFor(serverName, asks),
      requestCert: asks,
      // Who has none, or a wrong one, hears of it in words, at login.
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    secure.on("error", () => socket.destroy());
    secure.once("secure", () => {
      done();
      secure.disableRenegotiation();
      onConnection(secure, serverName);
    });
  }
}

/** What somebody gets who speaks HTTP to a port that speaks TLS; of the request nothing is understood. */
function plainAnswer(): Buffer {
  return writeAnswer(refusals.PN_HTTP_PLAIN, { close: true, requestId: nextRequestId(), now: new Date() });
}

/** A TLS connection that can be reset as one without TLS can. */
class VisitorTlsSocket extends TLSSocket {
  readonly #raw: Socket;

  constructor(raw: Socket, options: ConstructorParameters<typeof TLSSocket>[1]) {
    super(raw, options);
    this.#raw = raw;
  }

  override resetAndDestroy(): this {
    this.#raw.resetAndDestroy();
    this.destroy();
    return this;
  }
}

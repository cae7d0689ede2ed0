import { once } from "node:events";
import type { AddressInfo, Server as Listener, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Certificates } from "../tls/certificates.js";
import type { ClientCa } from "../tls/client-ca.js";
import type { ListenAddress } from "./listen-address.js";
import { PROBE_AFTER } from "./socket-options.js";
import { tcpListener } from "./tcp-listener.js";
import { TlsListener } from "./tls-listener.js";

/** The addresses that are listened on. */
export interface Listening {
  /** `host:port`. */
  readonly address: string;
  /** The address of the TLS listener, if there are two listeners. */
  readonly secureAddress: string | undefined;
  /** The port that visitors use: the TLS listener's, if there are two listeners. */
  readonly port: number;
}

export interface ListenersOptions {
  /** Undefined: there is no TLS. */
  certificates: Certificates | undefined;
  /** The CA of the certificate to request from a client that connects to this name. Undefined: none is requested. */
  clientCaFor: (serverName: string | undefined) => ClientCa | undefined;
  /** Milliseconds without data until the kernel probes whether a visitor is still there; 0: never. Default 60,000. */
  probeAfter?: number | undefined;
  /** A connection without TLS. */
  onPlain: (socket: Socket) => void;
  /** A connection with TLS, after the handshake. With `clientCa`, a certificate of that CA was requested. */
  onSecure: (socket: TLSSocket, serverName: string | undefined, clientCa: ClientCa | undefined) => void;
  /** A connection without TLS to the TLS listener. */
  onUnencrypted: (socket: Socket) => void;
}

/** Listeners for visitors: one for HTTP, one for TLS, or both. */
export class Listeners {
  readonly #onPlain: (socket: Socket) => void;
  readonly #probeAfter: number;
  readonly #tls: TlsListener | undefined;
  readonly #open: Listener[] = [];

  constructor(options: ListenersOptions) {
    const { certificates, clientCaFor, onSecure: onConnection, onUnencrypted, probeAfter } = options;
    this.#onPlain = options.onPlain;
    this.#probeAfter = probeAfter ?? PROBE_AFTER;
    this.#tls = certificates && new TlsListener({ certificates, clientCaFor, onConnection, onUnencrypted, probeAfter });
  }

  /**
   * @param secure the address of a separate TLS listener; without it, `address` uses TLS if there are certificates.
   * @throws Error with a system `code` (EADDRINUSE, EACCES …).
   */
  async open(address: ListenAddress, secure: ListenAddress | undefined): Promise<Listening> {
    const tls = this.#tls;
    try {
      if (tls === undefined || secure === undefined)
        return { ...(await this.#listen(tls?.listener() ?? this.#plain(), address)), secureAddress: undefined };
      const plain = await this.#listen(this.#plain(), address);
      const { address: secureAddress, port } = await this.#listen(tls.listener(), secure);
      return { address: plain.address, secureAddress, port };
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Stops listening and ends TLS handshakes in progress. Resolves when all accepted connections are closed. */
  async close(): Promise<void> {
    this.#tls?.close();
    await Promise.all(this.#open.map((listener) => once(listener.close(), "close")));
  }

  #plain(): Listener {
    return tcpListener(this.#onPlain, this.#probeAfter);
  }

  async #listen(listener: Listener, { host, port }: ListenAddress): Promise<{ address: string; port: number }> {
    listener.listen({ host, port });
    await once(listener, "listening");
    this.#open.push(listener);
    const bound = listener.address() as AddressInfo;
    const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
    return { address: `${shown}:${bound.port}`, port: bound.port };
  }
}

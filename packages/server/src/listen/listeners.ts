import { once } from "node:events";
import type { AddressInfo, Server as Listener, Socket } from "node:net";
import type { Certificates } from "@postern/net";
import type { ListenAddress } from "./listen-address.js";
import { plainListener } from "./plain-listener.js";
import { TlsListener } from "./tls-listener.js";

/** Where the server listens. */
export interface Listening {
  /** `host:port`. */
  readonly address: string;
  /** Of the TLS listener, if there are two listeners. */
  readonly secureAddress: string | undefined;
  /** The port for visitors: of the TLS listener, if there are two. */
  readonly port: number;
}

export interface ListenersOptions {
  /** Undefined: the server has no TLS. */
  certificates: Certificates | undefined;
  /** Whether a client that connects to this name is asked for a certificate. */
  asksCertificate: (serverName: string | undefined) => boolean;
  /** A connection without TLS. */
  onPlain: (socket: Socket) => void;
  /** A connection with TLS, after the handshake. */
  onSecure: (socket: Socket, serverName: string | undefined) => void;
}

/** The server's listeners: one for HTTP, one for TLS, or both. */
export class Listeners {
  readonly #onPlain: (socket: Socket) => void;
  readonly #tls: TlsListener | undefined;
  readonly #open: Listener[] = [];

  constructor({ certificates, asksCertificate, onPlain, onSecure }: ListenersOptions) {
    this.#onPlain = onPlain;
    this.#tls = certificates && new TlsListener({ certificates, asksCertificate, onConnection: onSecure });
  }

  /**
   * @param secure the address of the TLS listener beside `address`; without it, `address` has TLS if the server has.
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

  /** Accepts nothing more, and ends TLS handshakes. Resolves when the connections that were accepted are closed. */
  async close(): Promise<void> {
    this.#tls?.close();
    await Promise.all(this.#open.map((listener) => once(listener.close(), "close")));
  }

  #plain(): Listener {
    return plainListener(this.#onPlain);
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

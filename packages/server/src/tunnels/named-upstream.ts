import type { FinishedRequest, Upstream } from "@postern/gateway";
import type { ByteStream } from "@postern/net";
import type { Tunnel } from "./tunnel.js";
import type { TunnelRegistry } from "./tunnel-registry.js";

/** The tunnels of one name as a target of a gateway in the same process. */
export class NamedUpstream implements Upstream {
  readonly #name: string;
  readonly #registry: Pick<TunnelRegistry, "pick" | "peek">;
  readonly #publicHost: (name: string) => string;

  /** @param publicHost returns the host and port at which visitors reach a name */
  constructor(name: string, registry: Pick<TunnelRegistry, "pick" | "peek">, publicHost: (name: string) => string) {
    this.#name = name;
    this.#registry = registry;
    this.#publicHost = publicHost;
  }

  get unavailable(): Upstream["unavailable"] {
    const tunnel = this.#tunnel;
    return tunnel === undefined ? "gone" : tunnel.unavailable;
  }

  get suspect(): boolean {
    return this.#tunnel?.suspect ?? true;
  }

  /** The Host that the service gets from visitors of the tunnel. */
  get authority(): string {
    return this.#tunnel?.hostHeader ?? this.#publicHost(this.#name);
  }

  dial(): ByteStream {
    const tunnel = this.#registry.pick(this.#name);
    if (tunnel === undefined) throw new Error(`no client serves ${this.#name}`);
    return tunnel.dial();
  }

  /** The client of the tunnel gets the record too. */
  onFinished(request: FinishedRequest): void {
    this.#tunnel?.onFinished(request);
  }

  get #tunnel(): Tunnel | undefined {
    return this.#registry.peek(this.#name);
  }
}

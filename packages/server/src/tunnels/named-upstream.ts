import type { FinishedRequest, Steps, Upstream } from "@postern/gateway";
import type { ByteStream } from "@postern/net";
import type { GroupMember } from "./group-member.js";
import type { Tunnel } from "./tunnel.js";
import type { TunnelRegistry } from "./tunnel-registry.js";

type Names = Pick<TunnelRegistry, "members" | "peek" | "pick" | "steps" | "useAsTarget">;

/** The tunnels of one name as a target of a gateway in the same process. */
export class NamedUpstream implements Upstream {
  readonly #name: string;
  readonly #registry: Names;
  readonly #publicHost: (name: string) => string;

  /** @param publicHost returns the host and port at which visitors reach a name */
  constructor(name: string, registry: Names, publicHost: (name: string) => string) {
    this.#name = name;
    this.#registry = registry;
    this.#publicHost = publicHost;
    registry.useAsTarget(name);
  }

  get unavailable(): Upstream["unavailable"] {
    const tunnel = this.#tunnel;
    return tunnel === undefined ? "gone" : tunnel.unavailable;
  }

  get suspect(): boolean {
    return this.#tunnel?.suspect ?? true;
  }

  /** The clients that serve the name, if there are several, or if it matters which one serves it. */
  get members(): readonly GroupMember[] {
    return this.#registry.members(this.#name);
  }

  get steps(): Steps | undefined {
    return this.#registry.steps(this.#name);
  }

  /** The Host that the service gets from visitors of the tunnel, unless its client sets another one. */
  get authority(): string {
    return this.#publicHost(this.#name);
  }

  get hostHeader(): string | undefined {
    return this.#tunnel?.hostHeader;
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

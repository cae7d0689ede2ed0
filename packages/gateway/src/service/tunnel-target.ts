import type { ByteStream } from "@postern/net";
import type { Steps } from "../middleware/chain/steps.js";
import type { FinishedRequest } from "../route.js";
import type { AttemptOutcome } from "../upstream/attempt.js";
import type { Upstream } from "../upstream/upstream.js";

/** The tunnels of one name, which a server in the same process provides. */
export interface TunnelUpstream extends Upstream {
  /** The clients that serve the name, if there are several: another array after each change. Default: none. */
  readonly members?: readonly TunnelUpstream[];
  /** The steps that every request passes before it gets a stream. Default: none. */
  readonly steps?: Steps | undefined;
  /** Of a member: tells it from the others in logs and metrics. */
  readonly number?: number;
  /** Called when a request that was sent to it is over. `request` is reused. */
  onFinished?(request: FinishedRequest): void;
}

/** A tunnel of any name, where routes are only checked or explained. */
export const UNDIALLED_TUNNEL: TunnelUpstream = {
  unavailable: "gone",
  suspect: true,
  /** For explanations. */
  authority: "the tunnel's",
  dial() {
    throw new Error("the routes are not served");
  },
};

/** A tunnel, or one of the clients that serve it together, as a target with a path of its own. */
export class TunnelTarget implements Upstream {
  readonly name: string;
  readonly basePath: string;
  readonly #whole: TunnelUpstream;
  readonly #tunnel: TunnelUpstream;

  /** @param member the client that it is; undefined: whichever serves the tunnel */
  constructor(name: string, tunnel: TunnelUpstream, basePath: string, member?: TunnelUpstream) {
    this.name = `tunnel://${name}${member?.number === undefined ? "" : `#${member.number}`}`;
    this.#whole = tunnel;
    this.#tunnel = member ?? tunnel;
    this.basePath = basePath;
  }

  get unavailable(): Upstream["unavailable"] {
    return this.#tunnel.unavailable;
  }

  get suspect(): boolean {
    return this.#tunnel.suspect;
  }

  get down(): boolean {
    return this.#tunnel.down === true;
  }

  get upSince(): number {
    return this.#tunnel.upSince ?? -Infinity;
  }

  get weight(): number {
    return this.#tunnel.weight ?? 1;
  }

  /** The name of a member, which it keeps when the server restarts, unlike its number. */
  get key(): string {
    return this.#tunnel.name ?? this.name;
  }

  get authority(): string {
    return this.#whole.authority ?? "localhost";
  }

  get hostHeader(): string | undefined {
    return this.#tunnel.hostHeader;
  }

  dial(): ByteStream {
    return this.#tunnel.dial();
  }

  onOutcome(outcome: AttemptOutcome): void {
    this.#tunnel.onOutcome?.(outcome);
  }

  onFinished(request: FinishedRequest): void {
    this.#tunnel.onFinished?.(request);
  }
}

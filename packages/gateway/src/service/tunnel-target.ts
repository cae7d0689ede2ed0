import type { ByteStream } from "@postern/net";
import type { FinishedRequest } from "../route.js";
import type { Upstream } from "../upstream/upstream.js";

/** The tunnels of one name, which a server in the same process provides. */
export interface TunnelUpstream extends Upstream {
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

/** A tunnel as a target with a path of its own. */
export class TunnelTarget implements Upstream {
  readonly name: string;
  readonly basePath: string;
  readonly #tunnel: TunnelUpstream;

  constructor(name: string, tunnel: TunnelUpstream, basePath: string) {
    this.name = `tunnel://${name}`;
    this.#tunnel = tunnel;
    this.basePath = basePath;
  }

  get unavailable(): Upstream["unavailable"] {
    return this.#tunnel.unavailable;
  }

  get suspect(): boolean {
    return this.#tunnel.suspect;
  }

  get authority(): string {
    return this.#tunnel.authority ?? "localhost";
  }

  dial(): ByteStream {
    return this.#tunnel.dial();
  }

  onFinished(request: FinishedRequest): void {
    this.#tunnel.onFinished?.(request);
  }
}

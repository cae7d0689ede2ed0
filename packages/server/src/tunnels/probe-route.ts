import { createHmac, timingSafeEqual } from "node:crypto";
import { Pool, Target, type RequestHead, type Upstream, type UpstreamRoute } from "@postern/gateway";
import type { ByteStream } from "@postern/net";

const FIELD = /^([0-9a-f]{32})\.([0-9a-f]{64})$/;

/** The part of a tunnel that the route needs. */
export interface ProbedTunnel {
  readonly id: string;
  readonly unavailable: Upstream["unavailable"];
  dial(probe: boolean): ByteStream;
}

/** The probe field of a request that may be a probe (PROTOCOL.md, section 10); empty where it is not one. */
export function probeOf(head: RequestHead): string {
  return head.method === "GET" && head.path === "/" ? head.fieldValue("postern-probe") : "";
}

/**
 * The route of a client's own probes. They take the way of all requests, to the session that sent them, each on a
 * flagged stream of its own. They are neither logged nor counted: sending one takes the tunnel's id, so no visitor can
 * hide behind the field.
 */
export class ProbeRoute implements UpstreamRoute, Upstream {
  readonly kind = "upstream";
  readonly hostHeader = undefined;
  readonly suspect = false;
  readonly target = new Target(this);
  readonly pool = new Pool([this.target]);
  readonly #tunnel: ProbedTunnel;

  constructor(tunnel: ProbedTunnel) {
    this.#tunnel = tunnel;
    // No stream is reused for another probe.
    this.target.idle.close();
  }

  /** Whether `field` is a nonce and its HMAC-SHA-256 with the tunnel's id. */
  isSignedBy(field: string): boolean {
    const [, nonce, proof] = FIELD.exec(field) ?? [];
    if (nonce === undefined || proof === undefined) return false;
    const due = createHmac("sha256", this.#tunnel.id).update(nonce).digest();
    return timingSafeEqual(due, Buffer.from(proof, "hex"));
  }

  get unavailable(): Upstream["unavailable"] {
    return this.#tunnel.unavailable;
  }

  dial(): ByteStream {
    return this.#tunnel.dial(true);
  }

  onFinished(): void {}
}

import { createHmac, timingSafeEqual } from "node:crypto";
import { Pool, Target, type RequestHead, type Upstream, type UpstreamRoute } from "@postern/gateway";
import type { ByteStream } from "@postern/net";

const FIELD = /^([0-9a-f]{32})\.([0-9a-f]{64})$/;

/** Whether the probe `field` is a nonce and its HMAC-SHA-256 with the tunnel's id. */
export function isSigned(field: string, tunnelId: string): boolean {
  const [, nonce, proof] = FIELD.exec(field) ?? [];
  if (nonce === undefined || proof === undefined) return false;
  const due = createHmac("sha256", tunnelId).update(nonce).digest();
  return timingSafeEqual(due, Buffer.from(proof, "hex"));
}

/** The part of a tunnel that the route needs. */
export interface ProbedTunnel {
  readonly unavailable: Upstream["unavailable"];
  dial(probe: boolean): ByteStream;
}

/** The probe field of a request that may be a probe (PROTOCOL.md, section 10); empty if it is not one. */
export function probeOf(head: RequestHead): string {
  return head.method === "GET" && head.path === "/" ? head.fieldValue("postern-probe") : "";
}

/**
 * The route of a client's own probes. They are routed like all requests, but to the session that sent them, and each on
 * a separate flagged stream. They are neither logged nor counted. Only a client that knows the tunnel's id can send
 * one, so a visitor cannot use the field to hide its requests.
 */
export class ProbeRoute implements UpstreamRoute, Upstream {
  readonly kind = "upstream";
  readonly accessLog = null;
  readonly hostHeader = undefined;
  readonly suspect = false;
  readonly target = new Target(this);
  readonly pool = new Pool([this.target]);
  readonly #tunnel: ProbedTunnel;

  constructor(tunnel: ProbedTunnel) {
    this.#tunnel = tunnel;
    // Streams are not reused for probes.
    this.target.idle.close();
  }

  get unavailable(): Upstream["unavailable"] {
    return this.#tunnel.unavailable;
  }

  dial(): ByteStream {
    return this.#tunnel.dial(true);
  }

  onFinished(): void {}
}

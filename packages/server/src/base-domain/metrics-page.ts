import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { TrustedProxies } from "@postern/gateway";
import { unmapped } from "@postern/net";
import type { BaseDomainRefusal } from "./refusals.js";
import type { ServerMetrics } from "../metrics/metrics.js";

export type MetricsRefusal = Extract<BaseDomainRefusal, `PN_METRICS_${string}`>;

/** Header fields of a request that a proxy forwards for another address. */
const FORWARDING = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

export interface MetricsPageOptions {
  path: string;
  /** The bearer token that the page requires. Undefined: only this machine may read the page. */
  token: string | undefined;
  trustedProxies: TrustedProxies;
}

/** A request for the page. */
export interface MetricsRequest {
  readonly headers: IncomingHttpHeaders;
  /** The IP address of the connection. */
  readonly peer: string;
}

/** The metrics page and its access control. */
export class MetricsPage {
  readonly path: string;
  readonly metrics: ServerMetrics;
  readonly #token: Buffer | undefined;
  readonly #trusted: TrustedProxies;

  constructor(metrics: ServerMetrics, { path, token, trustedProxies }: MetricsPageOptions) {
    this.path = path;
    this.metrics = metrics;
    this.#token = token === undefined ? undefined : digest(token);
    this.#trusted = trustedProxies;
  }

  /** Why the request is refused; undefined: it is accepted. */
  refusal(request: MetricsRequest): MetricsRefusal | undefined {
    if (this.#token !== undefined) return this.#hasToken(request) ? undefined : "PN_METRICS_TOKEN";
    return this.#isLocal(request) ? undefined : "PN_METRICS_ELSEWHERE";
  }

  #hasToken({ headers }: MetricsRequest): boolean {
    const [, given] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
    return given !== undefined && timingSafeEqual(digest(given), this.#token as Buffer);
  }

  /**
   * A request that no proxy forwarded comes from its peer, even if a trusted proxy runs on the same machine. A request
   * through a trusted proxy comes from the visitor that the proxy names. A request through another proxy is not local.
   */
  #isLocal({ headers, peer }: MetricsRequest): boolean {
    if (!FORWARDING.some((name) => name in headers)) return isLoopback(peer);
    if (!this.#trusted.has(peer)) return false;
    const chain = String(headers["x-forwarded-for"] ?? "");
    const visitor = this.#trusted.visitor(peer, chain);
    // If the chain names no visitor, `visitor` is the peer too.
    const isNamed = visitor !== peer || isLoopback(chain.slice(chain.lastIndexOf(",") + 1).trim());
    return isNamed && isLoopback(visitor);
  }
}

function isLoopback(address: string): boolean {
  const plain = unmapped(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

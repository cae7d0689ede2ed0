import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { TrustedProxies } from "@postern/gateway";
import { unmapped } from "@postern/net";
import type { FrontDeskRefusal } from "./refusals.js";
import type { ServerMetrics } from "../metrics/metrics.js";

export type MetricsRefusal = Extract<FrontDeskRefusal, `PN_METRICS_${string}`>;

/** By these a proxy says that it asks for somebody else. */
const FORWARDING = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

export interface MetricsPageOptions {
  path: string;
  /** Who has it may read the page from anywhere, and nobody else. Without one, only this machine itself may. */
  token: string | undefined;
  trustedProxies: TrustedProxies;
}

/** Who asks for the page. */
export interface Asker {
  readonly headers: IncomingHttpHeaders;
  /** The IP address of the connection. */
  readonly peer: string;
}

/** The page with the server's metrics, and who may read it. */
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

  /** Why it is not shown; undefined: it is. */
  refusal(asker: Asker): MetricsRefusal | undefined {
    if (this.#token !== undefined) return this.#hasToken(asker) ? undefined : "PN_METRICS_TOKEN";
    return this.#isHere(asker) ? undefined : "PN_METRICS_ELSEWHERE";
  }

  #hasToken({ headers }: Asker): boolean {
    const [, given] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
    return given !== undefined && timingSafeEqual(digest(given), this.#token as Buffer);
  }

  /** A proxy on this machine asks for others: then it is they who count, if it is trusted, and nobody is here if it is not. */
  #isHere({ headers, peer }: Asker): boolean {
    if (!this.#trusted.has(peer)) return isLoopback(peer) && !FORWARDING.some((name) => name in headers);
    const visitor = this.#trusted.visitor(peer, String(headers["x-forwarded-for"] ?? ""));
    return visitor !== peer && isLoopback(visitor);
  }
}

function isLoopback(address: string): boolean {
  const plain = unmapped(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

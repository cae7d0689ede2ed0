import type { Reply } from "../http/index.js";
import { pathOf } from "../routing/index.js";

/** The service that each pair of paths is about, and what its health page says. */
const PAGES: Readonly<Record<string, { service: string; message?: string }>> = {
  "/health": { service: "gateway" },
  "/ping": { service: "gateway", message: "pong" },
  "/config/health": { service: "config", message: "the configuration is loaded" },
  "/config/status": { service: "config" },
  "/static/health": { service: "static", message: "static files are available" },
  "/static/status": { service: "static" },
  "/balancer/health": { service: "balancer", message: "the routes are loaded" },
  "/balancer/status": { service: "balancer" },
};

/**
 * Pages for monitors, at paths that no route takes. They report the process, not its targets: a load balancer in front
 * must not remove the gateway because one target is down.
 */
export class ServiceEndpoints {
  readonly #version: string;

  constructor(version: string) {
    this.#version = version;
  }

  /**
   * The page at `target` (path and query); undefined if there is none.
   * @param isStopping whether the gateway accepts no new connections
   */
  page(method: string, target: string, isStopping: boolean): Reply | undefined {
    if (method !== "GET" && method !== "HEAD") return undefined;
    const path = pathOf(target);
    if (!Object.hasOwn(PAGES, path)) return undefined;
    const { service, message } = PAGES[path]!;
    const body = {
      status: isStopping ? "stopping" : "healthy",
      service,
      ...(message === undefined ? { timestamp: new Date().toISOString() } : { message }),
      version: this.#version,
    };
    return {
      status: isStopping ? 503 : 200,
      text: `${JSON.stringify(body)}\n`,
      type: "application/json",
      fields: { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" },
    };
  }
}

import { setTimeout as pause } from "node:timers/promises";
import type { Defer } from "../cleanup.js";
import { exchange } from "./exchange.js";
import { until } from "../until.js";

const PAUSE_MS = 20;

/** A visitor that sends one request after the other while a test causes faults elsewhere, and records every failure. */
export class SteadyVisitor {
  served = 0;
  /** The longest wait for a response, in milliseconds. */
  longest = 0;
  readonly failures: string[] = [];
  readonly #port: number;
  readonly #host: string;
  #leaving = false;
  #gone: Promise<void> = Promise.resolve();

  private constructor(port: number, host: string) {
    this.#port = port;
    this.#host = host;
  }

  /** Starts to visit `host` on the loopback `port`, and waits until it has been served. */
  static async start(defer: Defer, port: number, host: string): Promise<SteadyVisitor> {
    const visitor = new SteadyVisitor(port, host);
    visitor.#gone = visitor.#keepComing();
    defer(() => visitor.#leave());
    await visitor.moreServed();
    return visitor;
  }

  /** Waits until a request that starts from now on has been served. */
  async moreServed(): Promise<void> {
    const before = this.served;
    // Two, because the first one may already be in progress.
    await until(`${this.#host} to serve its steady visitor`, () => this.served >= before + 2, {
      details: () => this.failures.join("\n"),
    });
  }

  /** Stops the visitor. Throws if any request failed. */
  async stopAndCheck(): Promise<void> {
    await this.moreServed();
    await this.#leave();
    if (this.failures.length > 0)
      throw new Error(
        `${this.failures.length} of ${this.failures.length + this.served} requests failed: ${this.failures[0]}`,
      );
  }

  async #leave(): Promise<void> {
    this.#leaving = true;
    await this.#gone;
  }

  async #keepComing(): Promise<void> {
    while (!this.#leaving) {
      const sentAt = performance.now();
      try {
        const { status, body } = await exchange(this.#port, { host: this.#host, path: "/steady" });
        if (status === 200) this.served += 1;
        else this.failures.push(`status ${status}: ${body.toString().slice(0, 200)}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      this.longest = Math.max(this.longest, performance.now() - sentAt);
      await pause(PAUSE_MS);
    }
  }
}

import { createHmac, randomUUID } from "node:crypto";
import type { StatusEvent } from "@postern/client";
import type { WebhookReport } from "@postern/client/status";
import { boundedJson } from "../terminal/bounded-json.js";

export const WEBHOOK_LIMITS = {
  /** Events that may wait. Beyond this number, the oldest are dropped. */
  queue: 1_000,
  /** Events in one delivery, at most. */
  batch: 100,
  /** Milliseconds to collect events for a delivery. */
  delay: 1_000,
  /** Attempts for a delivery; then its events are lost. */
  attempts: 8,
  /** Milliseconds before the second attempt; the delay doubles with each further one. */
  initialDelay: 1_000,
  /** The maximum delay between two attempts, in milliseconds. */
  maxDelay: 60_000,
  /** Milliseconds for the last deliveries when the client stops. */
  closeTimeout: 2_000,
} as const;

/** Too frequent for a webhook. They are available in /api/events, /metrics and the event log. */
const NOT_SENT: ReadonlySet<string> = new Set(["http_request", "http_response", "ping", "pong"]);

export interface StatusWebhookOptions {
  version: string;
  /** The key of the deliveries' signatures. */
  secret: string | undefined;
  /** Sends a delivery. Resolves with the status of the response. */
  post: (body: string, headers: Record<string, string>) => Promise<number>;
  /** Called with a message when a delivery fails; again only after a successful one. */
  onFailure: (message: string) => void;
  now?: () => number;
  random?: () => number;
  /** Runs `task` later. Returns a function that cancels it. */
  setTimer?: (task: () => void, milliseconds: number) => () => void;
}

/**
 * Sends events to a URL, in batches and in order. Temporary failures are retried; events that cannot be delivered are
 * dropped and counted. The client never waits for deliveries.
 */
export class StatusWebhook {
  /** Updated with every delivered or lost event. */
  readonly report: WebhookReport = { events_delivered: 0, events_lost: 0 };
  readonly #options: StatusWebhookOptions;
  readonly #setTimer: NonNullable<StatusWebhookOptions["setTimer"]>;
  #queue: StatusEvent[] = [];
  /** Lost events that no delivery has reported yet. */
  #unreported = 0;
  #cancel: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  #isFailing = false;
  #closing = false;
  /** Skips the delay before the next attempt. */
  #skipDelay = (): void => {};

  constructor(options: StatusWebhookOptions) {
    this.#options = options;
    this.#setTimer = options.setTimer ?? timer;
  }

  add(event: StatusEvent): void {
    if (NOT_SENT.has(event.type) || this.#closing) return;
    this.#queue.push(event);
    if (this.#queue.length > WEBHOOK_LIMITS.queue) {
      this.#queue.shift();
      this.#lose(1);
    }
    if (this.#sending !== undefined) return;
    if (this.#queue.length >= WEBHOOK_LIMITS.batch) this.#send();
    else this.#cancel ??= this.#setTimer(() => this.#send(), WEBHOOK_LIMITS.delay);
  }

  /** Makes one more attempt to deliver the remaining events, for two seconds at most. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#skipDelay();
    this.#send();
    const late = Promise.withResolvers<void>();
    const cancel = this.#setTimer(() => late.resolve(), WEBHOOK_LIMITS.closeTimeout);
    await Promise.race([this.#sending, late.promise]);
    cancel();
  }

  #send(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const events = this.#queue.splice(0, WEBHOOK_LIMITS.batch);
      if (await this.#deliver(events)) this.report.events_delivered += events.length;
      else this.#lose(events.length);
    }
  }

  /** Makes one delivery, with retries. Resolves with whether it succeeded. */
  async #deliver(events: readonly StatusEvent[]): Promise<boolean> {
    const { version, post } = this.#options;
    const lost = this.#unreported;
    const head = JSON.stringify({ schema: 1, id: randomUUID(), version, pid: process.pid, lost }).slice(0, -1);
    const body = `${head},"events":[${events.map((event) => boundedJson({ ...event })).join(",")}]}`;
    for (let attempt = 1; ; attempt++) {
      const status = await post(body, this.#headers(body)).catch((error: Error) => error);
      if (typeof status === "number" && status >= 200 && status < 300) {
        this.#unreported -= lost;
        this.#isFailing = false;
        return true;
      }
      this.#reportFailure(status);
      if (this.#closing || attempt >= WEBHOOK_LIMITS.attempts || !isTemporary(status)) return false;
      await this.#delay(attempt);
    }
  }

  #headers(body: string): Record<string, string> {
    const { secret, version, now = Date.now } = this.#options;
    const seconds = Math.floor(now() / 1_000);
    return {
      "Content-Type": "application/json",
      "User-Agent": `postern/${version}`,
      ...(secret === undefined ? {} : { "Postern-Signature": webhookSignature(secret, seconds, body) }),
    };
  }

  #delay(attempt: number): Promise<void> {
    const full = Math.min(WEBHOOK_LIMITS.initialDelay * 2 ** (attempt - 1), WEBHOOK_LIMITS.maxDelay);
    const { random = Math.random } = this.#options;
    return new Promise((resolve) => {
      const cancel = this.#setTimer(resolve, full * (1 - random() / 2));
      this.#skipDelay = () => {
        cancel();
        resolve();
      };
    });
  }

  #lose(events: number): void {
    this.report.events_lost += events;
    this.#unreported += events;
  }

  #reportFailure(status: number | Error): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const reason = typeof status === "number" ? `the response was HTTP ${status}` : status.message;
    // The message omits the URL, which may contain a secret.
    this.#options.onFailure(`Events cannot be delivered to status_webhook: ${reason}.`);
  }
}

/** `Postern-Signature` of a delivery: HMAC-SHA-256 over the time in seconds, a dot, and the body. */
export function webhookSignature(secret: string, seconds: number, body: string): string {
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${mac}`;
}

/** Whether a retry can help: no response, or a busy or failing receiver. Redirects are not followed. */
function isTemporary(status: number | Error): boolean {
  return typeof status !== "number" || status >= 500 || status === 408 || status === 425 || status === 429;
}

function timer(task: () => void, milliseconds: number): () => void {
  const handle = setTimeout(task, milliseconds);
  return () => clearTimeout(handle);
}

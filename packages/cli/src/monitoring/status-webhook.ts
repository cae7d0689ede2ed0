import { createHmac, randomUUID } from "node:crypto";
import type { StatusEvent } from "@postern/client";
import type { WebhookReport } from "@postern/client/command";
import { boundedJson } from "../terminal/bounded-json.js";

export const WEBHOOK_LIMITS = {
  /** Events that wait; beyond, the oldest are counted and left out. */
  queue: 1_000,
  /** Events in one delivery. */
  batch: 100,
  /** Milliseconds that a delivery waits for more events. */
  delay: 1_000,
  /** Tries of one delivery; then its events are lost. */
  attempts: 8,
  /** The pause after the first try in milliseconds; each one after it is twice as long … */
  firstPause: 1_000,
  /** … and no longer than this. */
  longestPause: 60_000,
  /** Milliseconds for the last deliveries when the client ends. */
  farewell: 2_000,
} as const;

/** There are too many of them, and they have a place of their own: /api/events, /metrics, the event log. */
const NOT_SENT: ReadonlySet<string> = new Set(["http_request", "http_response", "ping", "pong"]);

export interface StatusWebhookOptions {
  version: string;
  /** Deliveries are signed with it. */
  secret: string | undefined;
  /** Sends a delivery. Resolves with the status of the answer. */
  post: (body: string, headers: Record<string, string>) => Promise<number>;
  /** Hears that deliveries fail, in words for people; again only after one has arrived. */
  onTrouble: (message: string) => void;
  now?: () => number;
  random?: () => number;
  /** Runs `task` later; what it returns prevents that. */
  setTimer?: (task: () => void, milliseconds: number) => () => void;
}

/**
 * Sends events to a URL: several at once, in order, again when that fails for a reason that may pass. What cannot be sent is lost after a
 * while and counted; the client itself never waits for it.
 */
export class StatusWebhook {
  /** Changes as deliveries go. */
  readonly report: WebhookReport = { events_delivered: 0, events_lost: 0 };
  readonly #options: StatusWebhookOptions;
  readonly #setTimer: NonNullable<StatusWebhookOptions["setTimer"]>;
  #queue: StatusEvent[] = [];
  /** Losses that no delivery has told yet. */
  #untold = 0;
  #cancel: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  #troubled = false;
  #closing = false;
  /** Ends the pause before the next try. */
  #hurry = (): void => {};

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

  /** Tries once more to deliver what is left, for two seconds at most. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#hurry();
    this.#send();
    const late = Promise.withResolvers<void>();
    const cancel = this.#setTimer(() => late.resolve(), WEBHOOK_LIMITS.farewell);
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

  /** One delivery, with as many tries as it takes. Whether it has arrived. */
  async #deliver(events: readonly StatusEvent[]): Promise<boolean> {
    const { version, post } = this.#options;
    const lost = this.#untold;
    const head = JSON.stringify({ schema: 1, id: randomUUID(), version, pid: process.pid, lost }).slice(0, -1);
    const body = `${head},"events":[${events.map((event) => boundedJson({ ...event })).join(",")}]}`;
    for (let attempt = 1; ; attempt++) {
      const status = await post(body, this.#headers(body)).catch((error: Error) => error);
      if (typeof status === "number" && status >= 200 && status < 300) {
        this.#untold -= lost;
        this.#troubled = false;
        return true;
      }
      this.#trouble(status);
      if (this.#closing || attempt >= WEBHOOK_LIMITS.attempts || !mayPass(status)) return false;
      await this.#pause(attempt);
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

  #pause(attempt: number): Promise<void> {
    const full = Math.min(WEBHOOK_LIMITS.firstPause * 2 ** (attempt - 1), WEBHOOK_LIMITS.longestPause);
    const { random = Math.random } = this.#options;
    return new Promise((resolve) => {
      const cancel = this.#setTimer(resolve, full * (1 - random() / 2));
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  #lose(events: number): void {
    this.report.events_lost += events;
    this.#untold += events;
  }

  #trouble(status: number | Error): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const why = typeof status === "number" ? `the answer was HTTP ${status}` : status.message;
    // The URL may hold a secret.
    this.#options.onTrouble(`Events do not reach status_webhook: ${why}.`);
  }
}

/** `Postern-Signature` of a delivery: HMAC-SHA-256 over the time in seconds, a dot, and the body. */
export function webhookSignature(secret: string, seconds: number, body: string): string {
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${mac}`;
}

/** Whether another try can help: no answer, a busy or broken receiver. A redirection is none of ours to follow. */
function mayPass(status: number | Error): boolean {
  return typeof status !== "number" || status >= 500 || status === 408 || status === 425 || status === 429;
}

function timer(task: () => void, milliseconds: number): () => void {
  const handle = setTimeout(task, milliseconds);
  return () => clearTimeout(handle);
}

import type { StatusEvent } from "@postern/client";
import { expect, test } from "vitest";
import { StatusWebhook, webhookSignature, WEBHOOK_LIMITS } from "./status-webhook.js";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");

interface Delivery {
  id: string;
  lost: number;
  events: { data: { number: number } }[];
}

/** A webhook with a scripted receiver and clock. */
function scripted(options: { secret?: string } = {}) {
  const deliveries: Delivery[] = [];
  const headers: Record<string, string>[] = [];
  const trouble: string[] = [];
  const timers = new Map<() => void, number>();
  let responses: (number | Error)[] = [];
  const webhook = new StatusWebhook({
    version: "0.1.0",
    secret: options.secret,
    async post(body, sent) {
      deliveries.push(JSON.parse(body) as Delivery);
      headers.push(sent);
      const response = responses.shift() ?? 200;
      if (response instanceof Error) throw response;
      return response;
    },
    onFailure: (message) => trouble.push(message),
    now: () => NOW,
    random: () => 0,
    setTimer(task, milliseconds) {
      timers.set(task, milliseconds);
      return () => timers.delete(task);
    },
  });
  let number = 0;
  return {
    webhook,
    deliveries,
    headers,
    trouble,
    respond: (...given: (number | Error)[]) => (responses = given),
    add: (count = 1, type = "error"): void => {
      while (count-- > 0)
        webhook.add({ time: "", type, endpoint: "web", message: "", data: { number: ++number } } as StatusEvent);
    },
    /** Fires the one timer that is set; returns its delay. */
    elapse: async (): Promise<number | undefined> => {
      const [first] = timers;
      if (first !== undefined) timers.delete(first[0]);
      first?.[0]();
      await new Promise(setImmediate);
      return first?.[1];
    },
    numbers: () => deliveries.map(({ events }) => events.map(({ data }) => data.number)),
  };
}

test("events of one second are sent together, at most a hundred", async () => {
  const { add, elapse, numbers, webhook } = scripted();
  add(3);
  expect(await elapse()).toBe(WEBHOOK_LIMITS.delay);
  expect(numbers()).toEqual([[1, 2, 3]]);
  add(100);
  await elapse();
  expect(numbers()[1]).toHaveLength(100);
  expect(webhook.report).toEqual({ events_delivered: 103, events_lost: 0 });
});

test("requests and heartbeats are not sent", async () => {
  const { add, elapse, deliveries } = scripted();
  add(1, "http_request");
  add(1, "pong");
  expect(await elapse()).toBeUndefined();
  expect(deliveries).toEqual([]);
});

test("a temporary failure is retried with the same delivery and growing delays", async () => {
  const { add, respond, elapse, deliveries, numbers, trouble, webhook } = scripted();
  respond(503, new Error("connection refused"), 429);
  add();
  await elapse();
  add();
  expect([await elapse(), await elapse(), await elapse()]).toEqual([1_000, 2_000, 4_000]);
  expect(numbers()).toEqual([[1], [1], [1], [1], [2]]);
  expect(new Set(deliveries.map(({ id }) => id)).size).toBe(2);
  expect(trouble).toEqual(["Events cannot be delivered to status_webhook: the response was HTTP 503."]);
  expect(webhook.report).toEqual({ events_delivered: 2, events_lost: 0 });
});

test("a delivery that is refused, or fails too often, is lost, counted and reported", async () => {
  const { add, respond, elapse, deliveries, webhook } = scripted();
  respond(302, 404);
  add(2);
  await elapse();
  expect(webhook.report).toEqual({ events_delivered: 0, events_lost: 2 });
  add();
  await elapse();
  expect(deliveries.at(-1)?.lost).toBe(2);
  expect(webhook.report.events_lost).toBe(3);

  respond(...Array.from({ length: WEBHOOK_LIMITS.attempts }, () => 500));
  add();
  let longest = 0;
  for (let attempt = 0; attempt < WEBHOOK_LIMITS.attempts; attempt++)
    longest = Math.max(longest, (await elapse()) ?? 0);
  expect(longest).toBeLessThanOrEqual(WEBHOOK_LIMITS.maxDelay);
  expect(webhook.report.events_lost).toBe(4);
  add();
  await elapse();
  expect(deliveries.at(-1)?.lost).toBe(4);
  add();
  await elapse();
  expect(deliveries.at(-1)?.lost).toBe(0);
});

test("an unavailable receiver costs no more memory than the queue", async () => {
  const { add, respond, elapse, numbers, webhook } = scripted();
  respond(500);
  add();
  await elapse();
  add(WEBHOOK_LIMITS.queue + 50);
  expect(webhook.report.events_lost).toBe(50);
  await elapse();
  // The newest are kept.
  expect(numbers().at(-1)?.at(-1)).toBe(WEBHOOK_LIMITS.queue + 51);
  expect(webhook.report).toEqual({ events_delivered: WEBHOOK_LIMITS.queue + 1, events_lost: 50 });
});

test("closing makes one more attempt to deliver the remaining events", async () => {
  const { add, respond, numbers, elapse, webhook } = scripted();
  respond(500, 500);
  add();
  await elapse();
  add();
  await webhook.close();
  expect(numbers()).toEqual([[1], [1], [2]]);
  expect(webhook.report).toEqual({ events_delivered: 1, events_lost: 1 });
  add();
  await webhook.close();
  expect(numbers()).toHaveLength(3);
});

test("closing does not wait for a receiver that never responds", async () => {
  const webhook = new StatusWebhook({
    version: "0.1.0",
    secret: undefined,
    post: () => new Promise(() => {}),
    onFailure: () => {},
    setTimer(task, milliseconds) {
      if (milliseconds === WEBHOOK_LIMITS.closeTimeout) setImmediate(task);
      return () => {};
    },
  });
  webhook.add({ time: "", type: "status_update", endpoint: "web", message: "", data: {} });
  await webhook.close();
});

test("a delivery has a signature over its time and body", async () => {
  const { add, elapse, headers } = scripted({ secret: "s3cr3t" });
  add();
  await elapse();
  expect(headers[0]?.["Postern-Signature"]).toMatch(/^t=1795341600,v1=[0-9a-f]{64}$/);
  expect(JSON.stringify(headers)).not.toContain("s3cr3t");
  // Computed with `printf '1.{}' | openssl dgst -sha256 -hmac key`.
  expect(webhookSignature("key", 1, "{}")).toBe(
    `t=1,v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224`,
  );
  const plain = scripted();
  plain.add();
  await plain.elapse();
  expect(plain.headers[0]).not.toHaveProperty("Postern-Signature");
});

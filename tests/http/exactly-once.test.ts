import { Agent } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  CountingOrigin,
  exchange,
  Published,
  ServerProcess,
  type Exchange,
  type ConnectionClose,
} from "@postern/testkit";

const REQUESTS = 2_000;
const VISITORS = 32;

const cleanup = new Cleanup();
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

const BODY = "x".repeat(3_000);
/** With and without a body, with a length and chunked, retryable and not retryable. */
const KINDS: { method: string; body?: () => string | Readable }[] = [
  { method: "GET" },
  { method: "POST", body: () => BODY },
  { method: "HEAD" },
  { method: "POST", body: () => Readable.from([BODY, BODY]) },
  { method: "DELETE" },
  { method: "PUT", body: () => BODY },
  { method: "GET" },
  { method: "POST" },
  { method: "PATCH", body: () => "" },
  { method: "OPTIONS" },
];

/** Visitors with keep-alive connections that send all kinds of requests, each with its own path. */
class Crowd {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: VISITORS });
  readonly #site: Published;
  readonly #origin: CountingOrigin;
  #sent = 0;

  constructor(site: Published, origin: CountingOrigin) {
    this.#site = site;
    this.#origin = origin;
    onTestFinished(() => this.#agent.destroy());
  }

  static async start(close: ConnectionClose): Promise<Crowd> {
    const origin = await CountingOrigin.start(onTestFinished, close);
    return new Crowd(await Published.start(onTestFinished, origin.port, { server }), origin);
  }

  /** Sends this many requests as fast as they are answered. */
  async send(requests: number): Promise<void> {
    const last = this.#sent + requests;
    const visitor = async (): Promise<void> => {
      while (this.#sent < last) await this.#sendOne((this.#sent += 1));
    };
    await Promise.all(Array.from({ length: VISITORS }, visitor));
  }

  /** `send` has checked that every request was answered. This checks that each was executed exactly once. */
  expectAllExecutedOnce(): void {
    const { executed } = this.#origin;
    const once = Array.from({ length: this.#sent }, (_, index): [string, number] => [`/do/${index + 1}`, 1]);
    const unexpected = [...executed].filter(([path, times]) => times !== 1 || !/^\/do\/\d+$/.test(path));
    expect({ unexpected, executed: executed.size }).toEqual({ unexpected: [], executed: once.length });
    expect(new Map(executed)).toEqual(new Map(once));
  }

  async #sendOne(number: number): Promise<void> {
    const { method, body } = KINDS[number % KINDS.length]!;
    const path = `/do/${number}`;
    const content = body === undefined ? {} : { body: body() };
    const response = await this.#exchange({ path, method, ...content });
    const expected = method === "HEAD" ? "" : path;
    expect([method, response.status, response.body.toString()]).toEqual([method, 200, expected]);
  }

  #exchange(options: { path: string; method: string; body?: string | Readable }): Promise<Exchange> {
    return exchange(this.#site.port, { host: this.#site.host, agent: this.#agent, ...options });
  }
}

test.for<[string, ConnectionClose]>([
  ["announces it and ends its connection after every response", "announced"],
  ["ends its connection after every response", "end"],
  ["resets its connection after every response", "reset"],
  ["resets a used connection when the next request arrives", "reset-next"],
])("a service that %s executes each request once, and no visitor notices", async ([, close]) => {
  const crowd = await Crowd.start(close);
  await crowd.send(REQUESTS);
  crowd.expectAllExecutedOnce();
});

test("a service that ends idle connections after a second, with bursts of requests at that moment", async () => {
  const crowd = await Crowd.start(1_000);
  // The pauses are the subject of the test: they end shortly before, at, and shortly after the timeout.
  for (const milliseconds of [980, 995, 1_000, 1_005, 1_020]) {
    await crowd.send(REQUESTS / 5);
    await pause(milliseconds);
  }
  await crowd.send(REQUESTS / 5);
  crowd.expectAllExecutedOnce();
});

test("a service that ends idle connections after five seconds, as many do", async () => {
  const crowd = await Crowd.start(5_000);
  for (const milliseconds of [3_980, 4_990, 5_005]) {
    await crowd.send(REQUESTS / 20);
    await pause(milliseconds);
  }
  await crowd.send(REQUESTS / 20);
  crowd.expectAllExecutedOnce();
});

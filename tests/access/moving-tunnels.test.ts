import { connect } from "@postern/client";
import { expect, onTestFinished, test } from "vitest";
import { exchange, Origin, ServerProcess, TEST_KEY, until } from "@postern/testkit";

/** A visitor without access that keeps asking, and what it got. */
class Stranger {
  readonly outcomes = new Set<string>();
  #isOver = false;
  readonly #done: Promise<void>[];

  constructor(ports: readonly number[], host: string) {
    this.#done = ports.map((port) => this.#ask(port, host));
    onTestFinished(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#done);
  }

  async #ask(port: number, host: string): Promise<void> {
    while (!this.#isOver) {
      try {
        const { status, headers } = await exchange(port, { host, from: "127.0.0.2" });
        this.outcomes.add(`${status} ${String(headers["postern-error"])}`);
      } catch {
        // The server is down.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

test("at no moment does a stranger get through: reconnection, fallback, failback and takeover", async () => {
  const [home, other] = [await ServerProcess.start(onTestFinished), await ServerProcess.start(onTestFinished)];
  const origin = await Origin.start(onTestFinished, (_, outgoing) => void outgoing.end("origin"));
  const options = {
    server: home.url,
    fallbacks: [other.url],
    apiKey: TEST_KEY,
    local: origin.port,
    subdomain: "moving",
    connections: 2,
    healthInterval: 300,
    access: { deny_ips: ["127.0.0.2"] },
  };
  const tunnel = await connect(options);
  onTestFinished(() => tunnel.close());
  const stranger = new Stranger([home.port, other.port], "moving.localhost");
  const serves = (server: ServerProcess): Promise<unknown> =>
    until(`${server.url} to serve`, async () => {
      const got = await exchange(server.port, { host: "moving.localhost" }).catch(() => undefined);
      return got?.status === 200;
    });
  await serves(home);
  await home.program.kill();
  await serves(other);
  await home.restart();
  await serves(home);
  // Another client takes the name over, with a stricter policy.
  const successor = await connect({
    ...options,
    access: { deny_ips: ["127.0.0.2"], rate_limit: { requests_per_minute: 6000 } },
  });
  onTestFinished(() => successor.close());
  await serves(home);
  await stranger.stop();
  const got = [...stranger.outcomes];
  expect(got).toContain("403 PN_ACCESS_ADDRESS");
  // Otherwise there was no tunnel at the time.
  expect(got.filter((each) => !/^(403 PN_ACCESS_ADDRESS|404 PN_TUNNEL_UNKNOWN|503 PN_TUNNEL_\w+)$/.test(each))).toEqual(
    [],
  );
  expect(origin.requests.filter(({ headers }) => headers["x-forwarded-for"] === "127.0.0.2")).toEqual([]);
});

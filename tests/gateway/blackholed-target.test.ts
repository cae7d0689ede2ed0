import { request } from "node:http";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { exchange, needs, needsRoot, NetworkNamespace, Origin, StartProcess, type Exchange } from "@postern/testkit";

beforeEach((context) => {
  needs(context, "ip");
  needsRoot(context);
});

const PORT = 8080;

/** A gateway in a network of its own, which has a target that responds and one to which all packets are lost. */
class Gateway {
  readonly address: string;
  readonly origin: Origin;
  readonly process: StartProcess;

  private constructor(address: string, origin: Origin, process: StartProcess) {
    this.address = address;
    this.origin = origin;
    this.process = process;
  }

  /** @param routes the options of each path; `live` and `dead` are the authorities of the targets. */
  static async start(routes: (live: string, dead: string) => Record<string, string>): Promise<Gateway> {
    const namespace = NetworkNamespace.create(onTestFinished);
    const { address, host } = namespace;
    const origin = await Origin.start(
      onTestFinished,
      (incoming, outgoing) => void incoming.resume().on("end", () => outgoing.end("live")),
      host,
    );
    const dead = namespace.addBlackhole();
    namespace.useHosts({ "both.example": [dead, host] });
    const all = Object.entries(routes(`${host}:${origin.port}`, `${dead}:${origin.port}`));
    const process = StartProcess.launch(
      onTestFinished,
      all.map(([path, options]) => `[[proxy]]\npath = "${path}"\n${options}\n`).join(""),
      {},
      ["serve", "--listen", `${address}:${PORT}`],
      { prefix: namespace.prefix },
    );
    await process.gatewayPort();
    return new Gateway(address, origin, process);
  }

  post(path: string): Promise<Exchange> {
    return exchange(PORT, { address: this.address, host: "a.example", path, method: "POST", body: "x" });
  }

  /** Sends requests that wait for their target. Returns the number of responses so far. */
  async wait(path: string, count: number): Promise<() => number> {
    let responses = 0;
    for (let n = 0; n < count; n++) {
      const waiting = request({ host: this.address, port: PORT, path, agent: false });
      waiting.on("response", () => responses++).on("error", () => {});
      onTestFinished(() => void waiting.destroy());
      await new Promise<void>((resolve) => waiting.on("finish", resolve).end());
    }
    return () => responses;
  }

  /** Why connections to targets failed. */
  get failures(): string[] {
    return this.process.events
      .filter(({ data }) => data["state"] === "target_failing")
      .map(({ data }) => `${String(data["target"])} ${String(data["reason"])}`);
  }
}

test("visitors of a target that packets do not reach get 504 after connection_timeout, and its owner the reason", async () => {
  const gateway = await Gateway.start((_, dead) => ({
    "/dead/*": `target = "http://${dead}"\nconnection_timeout = "300ms"`,
    "/secure/*": `target = "https://${dead}"\nconnection_timeout = "300ms"`,
  }));
  for (const path of ["/dead/x", "/secure/x"]) {
    const { status, headers, body } = await gateway.post(path);
    expect([status, headers["postern-error"]]).toEqual([504, "PN_TARGET_TIMEOUT"]);
    expect(String(body)).not.toContain("203.0.113");
  }
  await gateway.process.status("target_failing", 2);
  for (const failure of gateway.failures) expect(failure).toMatch(/^203\.0\.113\.1:\d+ ETIMEDOUT/);
});

test("requests to other targets do not wait for it", async () => {
  const gateway = await Gateway.start((live, dead) => ({
    "/dead/*": `target = "http://${dead}"\nconnection_timeout = "60s"\ntimeout = "60s"`,
    "/*": `target = "http://${live}"`,
  }));
  const responses = await gateway.wait("/dead/x", 50);
  for (let n = 0; n < 20; n++) expect(String((await gateway.post("/x")).body)).toBe("live");
  expect([responses(), gateway.failures]).toEqual([0, []]);
});

test("another target of the route, or address of the target, gets the request, once", async () => {
  const gateway = await Gateway.start((live, dead) => ({
    "/pool/*": `targets = ["http://${dead}", "http://${live}"]\nconnection_timeout = "300ms"`,
    "/short/*": `targets = ["http://${dead}", "http://${live}"]\ntimeout = "4s"`,
    "/name/*": `target = "http://both.example:${live.split(":")[1]}"`,
    "/each/*": `target = "http://both.example:${live.split(":")[1]}"\nresolve = "all"\nconnection_timeout = "300ms"`,
  }));
  const paths = ["/pool", "/short", "/name", "/each"];
  await Promise.all(
    paths.map(async (path) => {
      for (let n = 0; n < 4; n++) expect(String((await gateway.post(`${path}/${n}`)).body), path).toBe("live");
    }),
  );
  expect(gateway.origin.requests).toHaveLength(4 * paths.length);
  // Each route has noticed the dead target, except the one in which the addresses are alternatives.
  expect(gateway.failures.length).toBeGreaterThan(0);
});

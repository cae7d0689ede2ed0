import { connect, createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Probe } from "./probe.js";

/** A probe with a server that never responds. Returns the heads that the server receives. */
async function probing(): Promise<{ probe: Probe; heads: (probes: number) => Promise<string[]> }> {
  let text = "";
  let notify = (): void => {};
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      notify();
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const dial = async (): Promise<ReturnType<typeof connect>> => connect(port, "127.0.0.1");
  const probe = new Probe({ dial, host: "x.test", tunnelId: "t" });
  const heads = async (probes: number): Promise<string[]> => {
    const all = (): string[] => text.split(/(?<=\r\n\r\n)/);
    while (all().length < probes || !text.endsWith("\r\n\r\n"))
      await new Promise<void>((resolve) => (notify = resolve));
    return all();
  };
  return { probe, heads };
}

async function timeOut(probe: Probe, sent: () => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const failed = expect(probe.send(controller.signal)).rejects.toThrow("got no response in time");
  await sent();
  controller.abort();
  await failed;
}

test("a probe that arrives after it timed out gets its response, once", async () => {
  const { probe, heads } = await probing();
  await timeOut(probe, () => heads(1));
  const [head = ""] = await heads(1);
  expect(probe.respond(head)).toMatch(/^HTTP\/1\.1 204 /);
  expect(probe.respond(head)).toBeUndefined();
});

test("only the latest probes are remembered", async () => {
  const { probe, heads } = await probing();
  for (let sent = 1; sent <= 17; sent++) await timeOut(probe, () => heads(sent));
  const [first = "", ...others] = await heads(17);
  expect(probe.respond(first)).toBeUndefined();
  expect(others.map((head) => probe.respond(head) !== undefined)).not.toContain(false);
});

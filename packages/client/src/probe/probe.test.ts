import { connect, createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Probe } from "./probe.js";

/** Sends probes to a server that never answers, and hands on what it hears. */
async function probing(): Promise<{ probe: Probe; heard: (probes: number) => Promise<string[]> }> {
  let text = "";
  let told = (): void => {};
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      told();
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const dial = async (): Promise<ReturnType<typeof connect>> => connect(port, "127.0.0.1");
  const probe = new Probe({ dial, host: "x.test", tunnelId: "t" });
  const heard = async (probes: number): Promise<string[]> => {
    const heads = (): string[] => text.split(/(?<=\r\n\r\n)/);
    while (heads().length < probes || !text.endsWith("\r\n\r\n"))
      await new Promise<void>((resolve) => (told = resolve));
    return heads();
  };
  return { probe, heard };
}

async function giveUp(probe: Probe, sent: () => Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const failed = expect(probe.send(patience.signal)).rejects.toThrow("got no response in time");
  await sent();
  patience.abort();
  await failed;
}

test("a probe that comes after it was given up is answered here all the same, and once", async () => {
  const { probe, heard } = await probing();
  await giveUp(probe, () => heard(1));
  const [head = ""] = await heard(1);
  expect(probe.respond(head)).toMatch(/^HTTP\/1\.1 204 /);
  expect(probe.respond(head)).toBeUndefined();
});

test("of probes that never come only the latest are known", async () => {
  const { probe, heard } = await probing();
  for (let sent = 1; sent <= 17; sent++) await giveUp(probe, () => heard(sent));
  const [first = "", ...others] = await heard(17);
  expect(probe.respond(first)).toBeUndefined();
  expect(others.map((head) => probe.respond(head) !== undefined)).not.toContain(false);
});

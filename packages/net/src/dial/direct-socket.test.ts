import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import { giveBack, lend } from "../connection/loans.js";
import { DirectSocket } from "./direct-socket.js";

/** A DirectSocket and the socket at its other end. */
async function connected(): Promise<{ near: DirectSocket; far: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = new DirectSocket();
  near.connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  const [far] = (await once(server, "connection")) as [Socket];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

test("as a stream it delivers copies, and the end", async () => {
  const { near, far } = await connected();
  const chunks: Buffer[] = [];
  near.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const text of ["one", "two", "three"]) {
    far.write(text);
    await until(text, () => Buffer.concat(chunks).toString().endsWith(text));
  }
  expect(Buffer.concat(chunks).toString()).toBe("onetwothree");
  far.end();
  await once(near, "end");
});

test("after readDirectly, the callback gets every byte, each time in the same memory", async () => {
  const { near, far } = await connected();
  near.resume();
  let text = "";
  const memory = new Set<ArrayBufferLike>();
  near.readDirectly((chunk) => {
    text += chunk.toString();
    memory.add(chunk.buffer);
  });
  for (const part of ["one", "two", "three"]) {
    far.write(part);
    await until(part, () => text.endsWith(part));
  }
  expect([text, memory.size]).toEqual(["onetwothree", 1]);
});

test("memory on loan is not used for reading", async () => {
  const { near, far } = await connected();
  near.resume();
  const lent: Buffer[] = [];
  near.readDirectly((chunk) => {
    expect(lend(chunk.buffer)).toBe(true);
    lent.push(chunk);
  });
  for (const part of ["first", "second"]) {
    far.write(part);
    await until(part, () => lent.at(-1)?.toString() === part);
  }
  expect(lent.map(String)).toEqual(["first", "second"]);
  for (const { buffer } of lent) giveBack(buffer);
});

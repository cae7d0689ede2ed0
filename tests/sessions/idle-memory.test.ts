import { expect, onTestFinished, test } from "vitest";
import { connect } from "@postern/client";
import { claimPort, ServerProcess, startEchoOrigin, TEST_KEY, Wire } from "@postern/testkit";
import { Inspector, memoryAfterCollection } from "../../bench/measure/inspector.ts";

/** Opened before the measurement, so that most of the code has been compiled. */
const FIRST = 300;
const COUNT = 400;
const TOGETHER = 16;

/** A server, and the memory of its heap and buffers after a collection, in bytes. */
async function startMeasured(): Promise<{ server: ServerProcess; memory: () => Promise<number> }> {
  const port = await claimPort();
  const server = await ServerProcess.start(onTestFinished, { env: { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` } });
  const inspector = await Inspector.open(port);
  onTestFinished(() => inspector.close());
  const memory = async (): Promise<number> => {
    const { heapUsed, external } = await memoryAfterCollection(inspector);
    return heapUsed + external;
  };
  return { server, memory };
}

/**
 * Opens FIRST, then COUNT more, and waits until each of these takes less than `most` bytes. This is about twice their
 * size, because the code that V8 compiles in the meantime counts too.
 */
async function expectEach(most: number, open: () => Promise<void>, memory: () => Promise<number>): Promise<void> {
  await openMany(FIRST, open);
  const before = await memory();
  await openMany(COUNT, open);
  const each = async (): Promise<number> => ((await memory()) - before) / COUNT;
  await expect.poll(each, { timeout: 10_000, interval: 500 }).toBeLessThan(most);
}

async function openMany(count: number, open: () => Promise<void>): Promise<void> {
  let left = count;
  const openSome = async (): Promise<void> => {
    while (left-- > 0) await open();
  };
  await Promise.all(Array.from({ length: TOGETHER }, openSome));
}

test("an idle session takes less than 12 KB of the server's heap and buffers", async () => {
  const { server, memory } = await startMeasured();
  const open = async (): Promise<void> => {
    const tunnel = await connect({ server: server.url, apiKey: TEST_KEY, local: "127.0.0.1:9" });
    onTestFinished(() => tunnel.close());
  };
  await expectEach(12 * 1024, open, memory);
});

test("a visitor that is idle after a request with many fields takes less than 8 KB", async () => {
  const { server, memory } = await startMeasured();
  const echo = await startEchoOrigin(onTestFinished);
  const tunnel = await connect({ server: server.url, apiKey: TEST_KEY, local: `127.0.0.1:${echo.port}` });
  onTestFinished(() => tunnel.close());
  const fields = Array.from({ length: 150 }, (_, n) => `X-${n}: ${n}\r\n`).join("");
  const request = `GET / HTTP/1.1\r\nHost: ${new URL(tunnel.url).host}\r\n${fields}\r\n`;
  const open = async (): Promise<void> => {
    const wire = await Wire.dial(onTestFinished, server.port);
    wire.write(request);
    await wire.read('"GET"');
  };
  await expectEach(8 * 1024, open, memory);
});

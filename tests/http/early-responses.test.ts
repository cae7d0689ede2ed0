import { createServer, type Socket, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Published, until } from "@postern/testkit";

const UPLOADS = 40;
/** Small enough to be sent before the close, because the kernel discards unsent bytes. */
const RESPONSE_SIZE = 20_000;

/** Responds to the first byte of a request and closes without reading more, which makes the kernel send a reset. */
async function startHastyOrigin(): Promise<{ port: number; answered: () => number }> {
  let answered = 0;
  const open = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.once("readable", () => {
      // The client's check of the local service connects and sends nothing.
      if (socket.read(1) === null) return void socket.destroy();
      const head = `HTTP/1.1 413 Content Too Large\r\nContent-Length: ${RESPONSE_SIZE}\r\nConnection: close\r\n\r\n`;
      socket.write(head + "x".repeat(RESPONSE_SIZE), () => {
        answered += 1;
        socket.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, answered: () => answered };
}

test("the early response of a service that closes before it has read an upload always arrives completely", async () => {
  const origin = await startHastyOrigin();
  const published = await Published.start(onTestFinished, origin.port);
  for (let upload = 1; upload <= UPLOADS; upload += 1) {
    const wire = await published.ask(onTestFinished, "PUT /upload", "Content-Length: 50000000");
    for (let piece = 0; piece < 20; piece += 1) wire.write(Buffer.alloc(100_000));
    await until("the whole response", () => wire.bytes > RESPONSE_SIZE || wire.end !== "open");
    expect(wire.text).toMatch(/^HTTP\/1\.1 413 Content Too Large\r\n/);
    await until("the end", () => wire.end !== "open");
    expect(wire.text.length - wire.text.indexOf("\r\n\r\n") - 4).toBe(RESPONSE_SIZE);
  }
  expect(origin.answered()).toBe(UPLOADS);
});

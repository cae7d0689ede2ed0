import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import { adopted } from "./adopted-socket.js";
import { DirectSocket } from "./direct-socket.js";

const OPTIONS = { allowHalfOpen: true };

async function accepted(): Promise<{ listener: Server; socket: Socket; peer: Socket }> {
  const listener = createServer(OPTIONS).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const peer = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [plain] = (await once(listener, "connection")) as [Socket];
  const socket = adopted(plain, OPTIONS);
  onTestFinished(() => {
    peer.destroy();
    socket.destroy();
    listener.close();
  });
  return { listener, socket, peer };
}

function connections(listener: Server): Promise<number> {
  return new Promise((resolve) => listener.getConnections((_, count) => resolve(count)));
}

test("an adopted socket is counted by its listener, which waits for it when it closes", async () => {
  const { listener, socket, peer } = await accepted();
  expect(socket instanceof DirectSocket).toBe(process.env["POSTERN_ADOPT"] !== "0");
  expect([await connections(listener), socket.remotePort]).toEqual([1, peer.localPort]);
  let isClosed = false;
  listener.close(() => (isClosed = true));
  peer.end("last words");
  const [words] = (await once(socket, "data")) as [Buffer];
  await once(socket, "end");
  expect([words.toString(), isClosed]).toEqual(["last words", false]);
  socket.end("bye");
  const [bye] = (await once(peer, "data")) as [Buffer];
  expect(bye.toString()).toBe("bye");
  await until("the close", () => isClosed);
});

test("an accepted socket without a handle is returned as it is", async () => {
  const { socket } = await accepted();
  socket.destroy();
  expect(adopted(socket, OPTIONS)).toBe(socket);
});

import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Certificates } from "@postern/net";
import { expect, onTestFinished, test } from "vitest";
import { TlsListener } from "./tls-listener.js";

test("stalled handshakes beyond the limit end the oldest ones", async () => {
  const tls = new TlsListener({
    certificates: {} as Certificates,
    requestsCertificate: () => false,
    maxHandshakes: 3,
    onConnection() {},
  });
  const listener = tls.listener().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const over = new Set<number>();
  for (let n = 0; n < 5; n++) {
    const socket = connect((listener.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => {}).on("close", () => over.add(n));
    sockets.push(socket);
    await once(listener, "connection");
  }
  await expect.poll(() => [0, 1, 2, 3, 4].filter((n) => over.has(n))).toEqual([0, 1]);
});

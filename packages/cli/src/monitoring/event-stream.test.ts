import type { NumberedEvent } from "@postern/client/status";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, test } from "vitest";
import { until, Wire } from "@postern/testkit";
import { EventStream } from "./event-stream.js";

async function streamTo(heartbeat: number) {
  let ended = 0;
  const { promise, resolve } = Promise.withResolvers<EventStream>();
  const server = createServer((_, outgoing: ServerResponse) =>
    resolve(new EventStream(outgoing, () => ended++, heartbeat)),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const wire = await Wire.dial(onTestFinished, (server.address() as AddressInfo).port);
  wire.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  return { wire, stream: await promise, ended: () => ended };
}

test("an idle stream sends heartbeats", async () => {
  const { wire } = await streamTo(10);
  await wire.read((text) => text.split(": heartbeat").length > 3);
});

test("a reader that reads nothing is disconnected", async () => {
  const { wire, stream, ended } = await streamTo(50);
  wire.socket.pause();
  const data = { text: "x".repeat(8_000) };
  const event: NumberedEvent = { id: 1, time: "", type: "status_update", endpoint: "web", message: "", data };
  // More bytes than the sockets' buffers hold.
  const filling = setInterval(() => stream.send(event), 1);
  onTestFinished(() => clearInterval(filling));
  await until("it to be disconnected", () => ended() === 1);
});

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Gateway } from "./gateway.js";
import { refusals } from "./http/index.js";
import type { Router } from "./route.js";

/** A gateway on a free port. */
async function listen(router: Router, onFault: (error: unknown) => void): Promise<number> {
  const gateway = new Gateway(router, { proto: "http", onFault });
  const listener = createServer({ allowHalfOpen: true }, (socket) => gateway.accept(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(async () => {
    listener.close();
    await gateway.drain(0);
  });
  return (listener.address() as AddressInfo).port;
}

/** Asks for `path`. Returns what comes until the end; rejects when the connection is torn. */
async function visit(port: number, path: string): Promise<string> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test("a fault while one visitor is served ends its connection, is told, and touches nobody else", async () => {
  const faults: unknown[] = [];
  const fault = new Error("a mistake in the router");
  const router: Router = ({ path }) => {
    if (path === "/fault") throw fault;
    return { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };
  };
  const port = await listen(router, (error) => faults.push(error));
  await expect(visit(port, "/fault")).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(faults).toEqual([fault]);
  expect(await visit(port, "/other")).toMatch(/^HTTP\/1\.1 404 /);
});

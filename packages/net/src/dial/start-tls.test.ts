import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate, needs, type SkippableTest } from "@postern/testkit";
import { startTls } from "./start-tls.js";

/** A client's connection after the handshake, the server's side of it, and the TCP connection below that. */
async function connected(context: SkippableTest): Promise<{ client: Socket; server: TLSSocket; tcp: Socket }> {
  needs(context, "openssl");
  const files = makeCertificate(onTestFinished);
  const secureContext = createSecureContext({
    cert: readFileSync(files.certificate),
    key: readFileSync(files.key),
    maxVersion: "TLSv1.2",
  });
  const listener: Server = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(() => void listener.close());
  const accepted = once(listener, "connection") as Promise<[Socket]>;
  const socket = createConnection((listener.address() as AddressInfo).port, "127.0.0.1");
  const [tcp] = await accepted;
  const server = new TLSSocket(tcp, { isServer: true, secureContext });
  server.on("error", () => {});
  onTestFinished(() => {
    for (const each of [socket, tcp]) each.destroy();
  });
  const ca = readFileSync(files.certificate, "utf8");
  const client = await startTls(socket, "localhost", { ca }, AbortSignal.timeout(10_000));
  client.on("data", () => {});
  return { client, server, tcp };
}

test("a corrupt record destroys the connection", async (context) => {
  const { client, tcp } = await connected(context);
  tcp.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 64), Buffer.alloc(64, 7)]));
  await expect.poll(() => client.closed).toBe(true);
});

test("the server cannot renegotiate", async (context) => {
  const { client, server } = await connected(context);
  const alert = new Promise<Error>((resolve) => server.once("_tlsError", resolve));
  const renegotiates = (server as unknown as { _handle: { renegotiate(): void } })._handle;
  renegotiates.renegotiate();
  server.write("after");
  expect(await alert).toMatchObject({ code: expect.stringContaining("NO_RENEGOTIATION") });
  expect(client.closed).toBe(false);
});

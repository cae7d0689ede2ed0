import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { SERVER_LIMITS } from "./limits.js";
import { outboundRequest } from "./outbound-request.js";
import { isLoopbackHost, isPrivateAddress } from "./private-address.js";

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const LOCAL = [{ address: "127.0.0.1", family: 4 }];

test("what the configuration names itself is asked; a name that leads inside only when that is allowed", async () => {
  const port = await listen((_, outgoing) => outgoing.end("yes"));
  const ask = (host: string, allowPrivate: boolean): Promise<unknown> =>
    outboundRequest({ url: new URL(`http://${host}:${port}/`), allowPrivate, resolve: async () => LOCAL });
  for (const host of ["127.0.0.1", "localhost", "idp.localhost"])
    expect(await ask(host, false)).toEqual({ status: 200, body: "yes" });
  await expect(ask("idp.example", false)).rejects.toThrow("allow_private");
  expect(await ask("idp.example", true)).toEqual({ status: 200, body: "yes" });
});

test("nobody is followed elsewhere", async () => {
  const port = await listen((_, outgoing) => outgoing.writeHead(302, { Location: "http://169.254.169.254/" }).end());
  const answer = await outboundRequest({ url: new URL(`http://127.0.0.1:${port}/`), allowPrivate: false });
  expect(answer.status).toBe(302);
});

test("an answer that is too large, or that never ends, is given up", async () => {
  const large = await listen((_, outgoing) => outgoing.end(Buffer.alloc(SERVER_LIMITS.outboundBytes + 1, 0x20)));
  await expect(outboundRequest({ url: new URL(`http://127.0.0.1:${large}/`), allowPrivate: false })).rejects.toThrow(
    "bytes",
  );
  const slow = await listen((_, outgoing) => outgoing.write("["));
  await expect(outboundRequest({ url: new URL(`http://127.0.0.1:${slow}/`), allowPrivate: false })).rejects.toThrow(
    "within",
  );
});

test("which addresses are of the open internet", () => {
  // prettier-ignore
  const inside = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "::1", "::", "::ffff:10.0.0.1", "::ffff:7f00:1", "fd00::1", "fe80::1%eth0", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "nonsense", ""];
  for (const address of inside) expect(isPrivateAddress(address), address).toBe(true);
  for (const address of ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])
    expect(isPrivateAddress(address), address).toBe(false);
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "[::1]"]) expect(isLoopbackHost(host)).toBe(true);
  for (const host of ["localhost.example", "127.example", "10.0.0.1"]) expect(isLoopbackHost(host)).toBe(false);
});

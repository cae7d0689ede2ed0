import { createServer, type RequestListener } from "node:http";
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import { OUTBOUND_LIMITS } from "../limits.js";
import { outboundRequest, type OutboundResponse } from "./outbound-request.js";
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

describe("through a proxy", () => {
  /** A proxy that leads to a service on `port` whatever it is asked for; `public`, `inside` and `both` are names that are known here. */
  async function played() {
    const port = await listen((incoming, outgoing) => outgoing.end(incoming.headers.host));
    const [inside, outside] = [
      { address: "10.0.0.1", family: 4 },
      { address: "1.1.1.1", family: 4 },
    ];
    const known: Record<string, LookupAddress[]> = { inside: [inside], public: [outside], both: [outside, inside] };
    let dialled = 0;
    const looked: string[] = [];
    const ask = (host: string, allowPrivate = false): Promise<OutboundResponse> =>
      outboundRequest({
        url: new URL(`http://${host}/`),
        allowPrivate,
        async through() {
          dialled++;
          return connect(port, "127.0.0.1");
        },
        async resolve(name) {
          looked.push(name);
          return known[name] ?? Promise.reject(new Error("ENOTFOUND"));
        },
      });
    return { ask, looked, dialled: () => dialled };
  }

  test("a public name is asked for, and one that only the proxy may know", async () => {
    const { ask } = await played();
    for (const host of ["public", "public:8443", "unknown", "1.1.1.1", "[2606:4700::1111]"])
      expect(await ask(host)).toEqual({ status: 200, body: host });
  });

  test.for(["inside", "both", "10.0.0.1", "169.254.169.254", "0x7f.1", "[fd00::1]", "[::ffff:10.0.0.1]", "localhost"])(
    "%s is not, unless that is allowed",
    async (host) => {
      const { ask, dialled, looked } = await played();
      await expect(ask(host)).rejects.toThrow("leads to a private address; allow_private = true");
      expect(dialled()).toBe(0);
      const before = looked.length;
      expect((await ask(host, true)).status).toBe(200);
      expect(looked).toHaveLength(before);
    },
  );

  test("one that never answers is given up, and what it does too late is closed", async () => {
    let late: Socket | undefined;
    const port = await listen(() => {});
    const asked = outboundRequest({
      url: new URL("http://public/"),
      allowPrivate: true,
      async through(signal) {
        await once(signal, "abort");
        return (late = connect(port, "127.0.0.1"));
      },
    });
    await expect(asked).rejects.toThrow("no answer of public within");
    await until("it to be closed", () => late?.destroyed);
  });
});

test("nobody is followed elsewhere", async () => {
  const port = await listen((_, outgoing) => outgoing.writeHead(302, { Location: "http://169.254.169.254/" }).end());
  const answer = await outboundRequest({ url: new URL(`http://127.0.0.1:${port}/`), allowPrivate: false });
  expect(answer.status).toBe(302);
});

test("an answer that is too large, or that never ends, is given up", async () => {
  const large = await listen((_, outgoing) => outgoing.end(Buffer.alloc(OUTBOUND_LIMITS.bytes + 1, 0x20)));
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

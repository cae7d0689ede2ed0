import { createServer, type RequestListener } from "node:http";
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import { OUTBOUND_LIMITS } from "../limits.js";
import { outboundRequest, publicLookup, type OutboundResponse } from "./outbound-request.js";
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

test("an IP address in the URL is always permitted; a name of a private address only with allow_private", async () => {
  const port = await listen((_, outgoing) => outgoing.end("yes"));
  const ask = (host: string, allowPrivate: boolean): Promise<unknown> =>
    outboundRequest({ url: new URL(`http://${host}:${port}/`), allowPrivate, resolve: async () => LOCAL });
  for (const host of ["127.0.0.1", "localhost", "idp.localhost"])
    expect(await ask(host, false)).toEqual({ status: 200, type: "", body: "yes" });
  await expect(ask("idp.example", false)).rejects.toThrow("allow_private");
  expect(await ask("idp.example", true)).toEqual({ status: 200, type: "", body: "yes" });
});

describe("through a proxy", () => {
  /**
   * A proxy that connects to one service for every destination. The names `public`, `inside` and `both` resolve here.
   */
  async function setup() {
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

  test("public names are permitted, and names that do not resolve here", async () => {
    const { ask } = await setup();
    for (const host of ["public", "public:8443", "unknown", "1.1.1.1", "[2606:4700::1111]"])
      expect(await ask(host)).toEqual({ status: 200, type: "", body: host });
  });

  test.for(["inside", "both", "10.0.0.1", "169.254.169.254", "0x7f.1", "[fd00::1]", "[::ffff:10.0.0.1]", "localhost"])(
    "%s is permitted only with allow_private",
    async (host) => {
      const { ask, dialled, looked } = await setup();
      await expect(ask(host)).rejects.toThrow("resolves to a private address; allow_private = true");
      expect(dialled()).toBe(0);
      const before = looked.length;
      expect((await ask(host, true)).status).toBe(200);
      expect(looked).toHaveLength(before);
    },
  );

  test("a silent proxy times out, and a late connection is closed", async () => {
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
    await expect(asked).rejects.toThrow("public did not respond within");
    await until("the connection to be closed", () => late?.destroyed);
  });
});

test("redirects are not followed", async () => {
  const port = await listen((_, outgoing) => outgoing.writeHead(302, { Location: "http://169.254.169.254/" }).end());
  const answer = await outboundRequest({ url: new URL(`http://127.0.0.1:${port}/`), allowPrivate: false });
  expect(answer.status).toBe(302);
});

test("a response that is too large, or too slow, is an error", async () => {
  const large = await listen((_, outgoing) => outgoing.end(Buffer.alloc(OUTBOUND_LIMITS.bytes + 1, 0x20)));
  await expect(outboundRequest({ url: new URL(`http://127.0.0.1:${large}/`), allowPrivate: false })).rejects.toThrow(
    "bytes",
  );
  const slow = await listen((_, outgoing) => outgoing.write("["));
  await expect(outboundRequest({ url: new URL(`http://127.0.0.1:${slow}/`), allowPrivate: false })).rejects.toThrow(
    "within",
  );
});

test("private and public addresses", () => {
  // prettier-ignore
  const inside = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "::1", "::", "::ffff:10.0.0.1", "::ffff:7f00:1", "fd00::1", "fe80::1%eth0", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "nonsense", ""];
  for (const address of inside) expect(isPrivateAddress(address), address).toBe(true);
  for (const address of ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])
    expect(isPrivateAddress(address), address).toBe(false);
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "[::1]"]) expect(isLoopbackHost(host)).toBe(true);
  for (const host of ["localhost.example", "127.example", "10.0.0.1"]) expect(isLoopbackHost(host)).toBe(false);
});

test.each(["localhost", "a.localhost"])(
  "the lookup for URLs of strangers finds no private address: %s",
  async (host) => {
    for (const all of [true, false]) {
      const found = await new Promise((resolve) => publicLookup(host, { all }, (error) => resolve(error?.message)));
      expect(found).toMatch("resolves to a private address");
    }
  },
);

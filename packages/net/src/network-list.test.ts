import { BlockList } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NetworkList, parseNetwork } from "./network-list.js";

function listOf(...entries: string[]): NetworkList {
  return new NetworkList(entries.map((entry) => parseNetwork(entry)!));
}

test("an address is a network of one address", () => {
  expect(parseNetwork("192.0.2.1")).toEqual({ version: 4, address: "192.0.2.1", bits: 32 });
  expect(parseNetwork("2001:db8::1")).toEqual({ version: 6, address: "2001:db8::1", bits: 128 });
  expect(parseNetwork("10.0.0.0/8")).toEqual({ version: 4, address: "10.0.0.0", bits: 8 });
  expect(parseNetwork("::ffff:10.1.2.3/104")).toEqual({ version: 4, address: "10.1.2.3", bits: 8 });
  expect(parseNetwork("::FFFF:0a01:0203")).toEqual({ version: 4, address: "10.1.2.3", bits: 32 });
  expect(parseNetwork("::ffff:0:0/95")).toEqual({ version: 6, address: "::ffff:0:0", bits: 95 });
});

test.each([
  "",
  "example.com",
  "10.0.0",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/8/8",
  "::1/129",
  "fe80::1%eth0",
  "::1/x",
])("%j is neither an address nor a network", (text) => expect(parseNetwork(text)).toBeUndefined());

test("a list contains the addresses of its networks, of the same family", () => {
  const list = listOf("10.1.2.3/8", "2001:db8::/32", "192.0.2.1");
  for (const address of ["10.0.0.1", "10.255.255.255", "192.0.2.1", "2001:db8:ffff::1"]) {
    expect(list.has(address), address).toBe(true);
  }
  for (const address of ["11.0.0.1", "192.0.2.2", "2001:db9::1", "", "unknown"]) {
    expect(list.has(address), address).toBe(false);
  }
});

test("all IPv6 addresses are not all IPv4 addresses, and the reverse", () => {
  expect(["10.0.0.1", "::1"].map((address) => listOf("::/0").has(address))).toEqual([false, true]);
  expect(["10.0.0.1", "::1"].map((address) => listOf("0.0.0.0/0").has(address))).toEqual([true, false]);
});

test("an empty list contains no address", () => {
  expect(listOf().has("127.0.0.1")).toBe(false);
});

const near = fc
  .tuple(fc.constantFrom("10.0", "10.1", "192.168"), fc.nat(3), fc.nat(255))
  .map((parts) => parts.join("."));
const near6 = fc
  .tuple(fc.constantFrom("2001:db8", "fd00", "", "2001:db8:0:1"), fc.constantFrom("0", "1", "ffff", "8000"))
  .map(([start, end]) => `${start}::${end}`);
const address4 = fc.oneof(near, fc.ipV4());
const address6 = fc.oneof(near6, fc.ipV6()).filter((address) => parseNetwork(address)?.version === 6);
const entries = fc.array(
  fc.oneof(
    fc.tuple(address4, fc.nat(32)).map((parts) => parts.join("/")),
    fc.tuple(address6, fc.nat(128)).map((parts) => parts.join("/")),
  ),
  { maxLength: 40 },
);

test("a list contains the addresses that lists of Node contain", () => {
  fc.assert(
    fc.property(entries, fc.array(fc.oneof(address4, address6), { maxLength: 20 }), (networks, addresses) => {
      const twins = { ipv4: new BlockList(), ipv6: new BlockList() };
      for (const entry of networks) {
        const { address, bits, version } = parseNetwork(entry)!;
        twins[`ipv${version}`].addSubnet(address, bits, `ipv${version}`);
      }
      const list = listOf(...networks);
      const own = networks.map((entry) => entry.split("/")[0]!);
      for (const address of [...addresses, ...own]) {
        const family = `ipv${parseNetwork(address)!.version}` as const;
        expect(list.has(address), address).toBe(twins[family].check(address, family));
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "1..2.3",
  ".1.2.3",
  "1.2.3.4 ",
  "fe80::1%eth0",
  "::g",
  ":",
  "1:2",
])("%j is in no list", (text) => expect(listOf("0.0.0.0/0", "::/0").has(text)).toBe(false));

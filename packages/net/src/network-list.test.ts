import { expect, test } from "vitest";
import { NetworkList, parseNetwork } from "./network-list.js";

function listOf(...entries: string[]): NetworkList {
  return new NetworkList(entries.map((entry) => parseNetwork(entry)!));
}

test("an address is a network of one address", () => {
  expect(parseNetwork("192.0.2.1")).toEqual({ version: 4, address: "192.0.2.1", bits: 32 });
  expect(parseNetwork("2001:db8::1")).toEqual({ version: 6, address: "2001:db8::1", bits: 128 });
  expect(parseNetwork("10.0.0.0/8")).toEqual({ version: 4, address: "10.0.0.0", bits: 8 });
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

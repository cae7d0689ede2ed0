import { describe, expect, test } from "vitest";
import { TrustedProxies } from "./trusted-proxies.js";

describe("which addresses are trusted", () => {
  test("none by default", () => {
    expect(new TrustedProxies().has("127.0.0.1")).toBe(false);
  });

  test("addresses and networks of both families", () => {
    const trusted = new TrustedProxies(["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "::1"]);
    for (const address of ["192.0.2.1", "10.255.0.1", "2001:db8:1::2", "::1"]) expect(trusted.has(address)).toBe(true);
    for (const address of ["192.0.2.2", "11.0.0.1", "2001:db9::1", "::2", "unknown", ""]) {
      expect(trusted.has(address)).toBe(false);
    }
  });

  test.each(["proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", "", "10.0.0", "::1/x"])(
    "%j is refused with a hint",
    (entry) => {
      expect(() => new TrustedProxies([entry])).toThrow(
        /is not the address of a proxy\. Use an IP address or a network/,
      );
    },
  );
});

describe("the visitor", () => {
  const trusted = new TrustedProxies(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);

  test.each([
    ["an untrusted peer is the visitor, whatever it sends", "192.0.2.1", "10.0.0.1, 6.6.6.6", "192.0.2.1"],
    ["a proxy without the field is the visitor", "127.0.0.1", "", "127.0.0.1"],
    ["behind a proxy", "127.0.0.1", "192.0.2.1", "192.0.2.1"],
    ["behind two proxies", "127.0.0.1", "192.0.2.1, 10.1.1.1", "192.0.2.1"],
    ["forged entries come before the proxy's own", "127.0.0.1", "10.6.6.6, 6.6.6.6, 192.0.2.1", "192.0.2.1"],
    ["a chain of only proxies ends at the first", "127.0.0.1", "10.1.1.1, 10.1.1.2", "10.1.1.1"],
    ["a port is not part of an address", "127.0.0.1", "192.0.2.1:4711", "192.0.2.1"],
    ["nor are brackets", "127.0.0.1", "[2001:DB8::1]:80", "2001:db8::1"],
    ["IPv4 in IPv6 is IPv4", "fd00::1", "::ffff:192.0.2.1", "192.0.2.1"],
    ["IPv4 in IPv6 is IPv4 in its other forms", "fd00::1", "192.0.2.1, ::FFFF:0A01:101", "192.0.2.1"],
    ["IPv4 in IPv6 is IPv4 without a gap", "fd00::1", "0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
    ["an entry that is not an address is nobody that is known", "127.0.0.1", "192.0.2.1, unknown, 10.1.1.1", "unknown"],
    ["a zone is not an address of another machine", "127.0.0.1", "fe80::1%eth0", "unknown"],
    ["markup is not an address", "127.0.0.1", '192.0.2.1, "><script>', "unknown"],
    ["neither is nothing after a comma", "127.0.0.1", "192.0.2.1,", "unknown"],
  ])("%s", (_, peer, chain, visitor) => {
    expect(trusted.visitor(peer, chain)).toBe(visitor);
  });
});

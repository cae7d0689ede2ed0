import { expect, test } from "vitest";
import { isExempt } from "./no-proxy.js";

const NAME = "web.tunnel.example.com";

test.each([
  ["*", NAME, true],
  ["example.com", NAME, true],
  [".example.com", NAME, true],
  [".example.com", "example.com", true],
  ["example.com.", NAME, true],
  ["EXAMPLE.com", NAME, true],
  ["ample.com", NAME, false],
  ["other.org, tunnel.example.com", NAME, true],
  ["other.org tunnel.example.com", NAME, true],
  ["other.org,,", NAME, false],
  ["", NAME, false],
  [".", NAME, false],
  ["example.com:443", NAME, true],
  ["example.com:8443", NAME, false],
  ["*:443", NAME, true],
  ["192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.8", false],
  ["192.0.2.7:443", "192.0.2.7", true],
  ["192.0.2.7:80", "192.0.2.7", false],
  ["192.0.2.0/24", "192.0.2.8", true],
  ["192.0.2.0/24", "192.0.3.8", false],
  ["192.0.2.0/24:443", "192.0.2.8", true],
  ["0.0.0.0/0", "192.0.2.8", true],
  ["192.0.2.0/33", "192.0.2.8", false],
  ["192.0.2.0/x", "192.0.2.8", false],
  ["192.0.2.0/24/24", "192.0.2.8", false],
  ["0.2.7", "192.0.2.7", false],
  ["2001:db8::/32", "2001:db8::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:db8:0::1", "2001:db8::1", true],
  ["[2001:db8::1]", "2001:db8::1", true],
  ["[2001:db8::1]:443", "2001:db8::1", true],
  ["[2001:db8::1]:80", "2001:db8::1", false],
  ["192.0.2.0/24", NAME, false],
])("%j and %s: %s", (noProxy, host, exempt) => {
  expect(isExempt({ host, port: 443 }, noProxy)).toBe(exempt);
});

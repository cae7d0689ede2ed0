import { expect, test } from "vitest";
import { SharedDomain } from "./shared-domain.js";

const shared = new SharedDomain("tunnel.example.com");

/** Whether `setCookie`, as a value between other bytes, is for all tunnels. */
function isShared(setCookie: string, domain = shared): boolean {
  const bytes = Buffer.from(`Domain=com;${setCookie}; Domain=com`, "latin1");
  const start = "Domain=com;".length;
  return domain.isSetBy(bytes, start, start + setCookie.length);
}

/** The UTF-8 bytes of `text`, one character each, as field values are read. */
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

test.each([
  ["the base domain", "a=1; Domain=tunnel.example.com"],
  ["a domain above it", "a=1; Domain=example.com"],
  ["a top-level domain", "a=1; Domain=com"],
  ["a leading dot", "a=1; Domain=.tunnel.example.com"],
  ["several leading dots", "a=1; Domain=..example.com"],
  ["a trailing dot", "a=1; Domain=tunnel.example.com."],
  ["any case", "a=1; dOmAiN=Tunnel.EXAMPLE.com"],
  ["no white space", "a=1;domain=example.com"],
  ["white space around the name and the value", "a=1; \t Domain \t=\t example.com \t; Path=/"],
  ["between other attributes", "a=1; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=None"],
  ["behind attributes that mean nothing", "a=1; ;;=; x; Domain; =Domain; 1=2=3; Domain=example.com"],
  ["the last Domain counts", "a=1; Domain=shop.tunnel.example.com; Domain=example.com"],
  ["an empty Domain does not count", "a=1; Domain=example.com; Domain=; Domain= \t"],
  ["a Domain without a value does not count", "a=1; Domain=example.com; Domain"],
  ["a Domain that is too long does not count", `a=1; Domain=example.com; Domain=${"x".repeat(1_025)}`],
  ["a cookie without a name", "secret; Domain=example.com"],
  ["an empty cookie", "; Domain=example.com"],
  ["a cookie with a quoted value", 'a="1; Domain=example.com"'],
  ["a quoted Domain", 'a=1; Domain=".example.com"'],
  ["a percent-encoded Domain", "a=1; Domain=%65xample.com"],
  ["full-width letters", utf8("a=1; Domain=ｅｘａｍｐｌｅ.com")],
  ["an ideographic full stop", utf8("a=1; Domain=example。com")],
  ["an invisible letter", utf8("a=1; Domain=exam\u00adple.com")],
  ["a port", "a=1; Domain=example.com:443"],
  ["a name that is not plain and too long to be converted", utf8(`a=1; Domain=${"\u4e00\u4e01".repeat(22)}.org`)],
  ["all of it at once", utf8('a=1;DOMAIN="..%65ｘample。com.:"')],
  ["an equals sign before the name", "a=1; Domain=example.com; =Domain=x"],
])("set for all tunnels: %s", (_, setCookie) => {
  expect(isShared(setCookie)).toBe(true);
});

test.each([
  ["no Domain", "a=1; Path=/; HttpOnly"],
  ["only a cookie", "a=1"],
  ["nothing", ""],
  ["the tunnel's own name", "a=1; Domain=shop.tunnel.example.com"],
  ["a name below the tunnel's", "a=1; Domain=a.shop.tunnel.example.com"],
  ["the last Domain is the tunnel's own", "a=1; Domain=example.com; Domain=shop.tunnel.example.com"],
  ["an empty Domain", "a=1; Domain=; Path=/"],
  ["only a dot", "a=1; Domain=."],
  ["another domain", "a=1; Domain=example.org"],
  ["a domain that ends alike", "a=1; Domain=unnel.example.com"],
  ["a domain that begins alike", "a=1; Domain=tunnel.example.com.evil.example"],
  ["text in the cookie's value", "a=Domain=example.com"],
  ["another attribute with that value", "a=1; Path=Domain=example.com"],
  ["a name that contains Domain", "a=1; XDomain=example.com; Domain-=example.com"],
  ["text that is no host name", "a=1; Domain=example com"],
  ["two domains in one value", "a=1; Domain=example.com, b=2"],
  ["bytes that are no text", "a=1; Domain=\xff\xfe"],
  ["white space that HTTP does not know", utf8("a=1; \u00a0Domain=example.com")],
])("set for one tunnel only: %s", (_, setCookie) => {
  expect(isShared(setCookie)).toBe(false);
});

test("letters outside ASCII are compared in the form of IDNA", () => {
  const umlaut = new SharedDomain("tunnel.xn--mnchen-3ya.example");
  expect(isShared(utf8("a=1; Domain=MÜNCHEN.example"), umlaut)).toBe(true);
  expect(isShared("a=1; Domain=XN--MNCHEN-3YA.example", umlaut)).toBe(true);
  expect(isShared(utf8("a=1; Domain=munchen.example"), umlaut)).toBe(false);
});

test("a base domain of one label", () => {
  const local = new SharedDomain("localhost");
  expect(isShared("a=1; Domain=.LOCALHOST", local)).toBe(true);
  expect(isShared("a=1; Domain=web.localhost", local)).toBe(false);
});

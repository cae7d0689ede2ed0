import { expect, test } from "vitest";
import { parseProxy } from "./proxy-address.js";

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

test.each([
  ["http://proxy.example:3128", { host: "proxy.example", port: 3128, tls: false, authority: "proxy.example:3128" }],
  ["proxy.example:3128/", { host: "proxy.example", port: 3128, tls: false, authority: "proxy.example:3128" }],
  ["https://proxy.example", { host: "proxy.example", port: 443, tls: true, authority: "proxy.example:443" }],
  ["http://[::1]", { host: "::1", port: 80, tls: false, authority: "[::1]:80" }],
])("%s", (text, proxy) => {
  expect(parseProxy(text)).toEqual({ ...proxy, authorization: undefined });
});

test.each([
  ["http://me:secret@proxy", "me:secret"],
  ["http://me@proxy", "me:"],
  ["http://:secret@proxy", ":secret"],
  ["http://corp%5Cme:p%40ss%3Aw%2Frd@proxy", "corp\\me:p@ss:w/rd"],
  ["http://j%C3%BCrgen:gr%C3%BC%C3%9Fe@proxy", "jürgen:grüße"],
])("the credentials of %s", (text, credentials) => {
  expect(parseProxy(text).authorization).toBe(basic(credentials));
});

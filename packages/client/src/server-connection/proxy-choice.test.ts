import { expect, test } from "vitest";
import { proxyFor } from "./proxy-choice.js";

const SECURE = "https://tunnel.example.com";
const PLAIN = "ws://tunnel.example.com";
const [one, two, three] = ["http://one:1", "http://two:2", "http://three:3"];

test.each<[string, Record<string, string>, string | undefined]>([
  [SECURE, {}, undefined],
  [SECURE, { HTTPS_PROXY: one }, one],
  ["tunnel.example.com", { HTTPS_PROXY: one }, one],
  ["wss://tunnel.example.com/connect", { HTTPS_PROXY: one }, one],
  [SECURE, { https_proxy: one, HTTPS_PROXY: two }, one],
  [SECURE, { HTTP_PROXY: one }, undefined],
  [PLAIN, { HTTP_PROXY: one, HTTPS_PROXY: two }, one],
  [PLAIN, { http_proxy: one }, one],
  [PLAIN, { HTTPS_PROXY: two }, undefined],
  [SECURE, { ALL_PROXY: three }, three],
  [PLAIN, { all_proxy: three, HTTP_PROXY: one }, one],
  [SECURE, { HTTPS_PROXY: "", ALL_PROXY: three }, three],
  [SECURE, { https_proxy: "", HTTPS_PROXY: one }, one],
  [SECURE, { https_proxy: " ", ALL_PROXY: "" }, undefined],
  [SECURE, { HTTPS_PROXY: "one:1" }, "one:1"],
  [SECURE, { HTTPS_PROXY: one, NO_PROXY: "example.com" }, undefined],
  [SECURE, { HTTPS_PROXY: one, no_proxy: "", NO_PROXY: "example.com" }, undefined],
  [SECURE, { HTTPS_PROXY: one, no_proxy: "example.org", NO_PROXY: "example.com" }, one],
  [SECURE, { HTTPS_PROXY: one, NO_PROXY: "example.com:8443" }, one],
  ["https://tunnel.example.com:8443", { HTTPS_PROXY: one, NO_PROXY: "example.com:8443" }, undefined],
  ["http://localhost:8080", { ALL_PROXY: one }, undefined],
  ["http://web.localhost:8080", { ALL_PROXY: one }, undefined],
  ["http://127.8.0.1:8080", { ALL_PROXY: one }, undefined],
  ["https://[::1]", { ALL_PROXY: one }, undefined],
  ["https://[2001:db8::1]", { ALL_PROXY: one }, one],
])("%s with %j: %s", (server, env, proxy) => {
  expect(proxyFor(server, env)).toBe(proxy);
});

test.each([
  "socks5://me:canary@host:1080",
  "http://",
  "http://host/path",
  "http://me:%zz-canary@host",
  "http://host:0",
])("%s is not a proxy: the error names the variable, without its value", (value) => {
  let message = "";
  try {
    proxyFor(SECURE, { HTTPS_PROXY: value });
  } catch (error) {
    message = (error as TypeError).message;
  }
  expect(message).toMatch(/^HTTPS_PROXY: The proxy's address is invalid\. /);
  expect(message).not.toContain("canary");
});

test("unused variables are not parsed", () => {
  expect(proxyFor("http://localhost", { ALL_PROXY: "socks5://host" })).toBeUndefined();
  expect(proxyFor(SECURE, { HTTPS_PROXY: one, ALL_PROXY: "socks5://host" })).toBe(one);
});

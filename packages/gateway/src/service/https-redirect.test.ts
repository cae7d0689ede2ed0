import { expect, test } from "vitest";
import { HttpsRedirect } from "./https-redirect.js";

const redirect = new HttpsRedirect({
  exempt: ["/.well-known", "/status/"],
  isServed: (host) => host === "shop.example.com",
  urlOf: (host) => `https://${host}:8443`,
});

test.for([
  ["/cart?id=7", "/cart?id=7"],
  ["/", "/"],
  ["*", "/"],
  ["/.well-known-not", "/.well-known-not"],
  ...["/..", "/%2e%2e/cart", "/..%2fcart", "/a/..;/../cart", "/%252e%252e/cart", "//../cart"].map(
    (rest) => [`/.well-known${rest}`, `/.well-known${rest}`] as const,
  ),
] as const)("a request for %s is redirected", ([path, expected]) => {
  expect(redirect.applies("shop.example.com", path)).toBe(true);
  expect(redirect.location("shop.example.com", path)).toBe(`https://shop.example.com:8443${expected}`);
});

test.for([
  ["shop.example.com", "/.well-known"],
  ["shop.example.com", "/.well-known/acme?x=1"],
  ["shop.example.com", "/status/now"],
  ["shop.example.com", "/.well-known/a/..%2fb"],
  ["", "/"],
] as const)("a request for %j %s is served", ([host, path]) => {
  expect(redirect.applies(host, path)).toBe(false);
});

test.for(["localhost", "app.localhost", "127.0.0.1", "10.1.2.3", "192.168.0.4", "[::1]", "[fd00::1]", "[fe80::1]"])(
  "%s is redirected without a certificate or a route",
  (host) => {
    expect(redirect.location(host, "/")).toBe(`https://${host}:8443/`);
  },
);

test.for(["evil.example", "localhost.evil.example", "8.8.8.8", "[2606::1]", "[::ffff:808:808]", "10.evil.example"])(
  "%s is not redirected, because anybody may have written it",
  (host) => {
    expect(redirect.applies(host, "/")).toBe(true);
    expect(redirect.location(host, "/")).toBe(undefined);
  },
);

import { expect, test } from "vitest";
import { HttpsRedirect } from "./https-redirect.js";

const redirect = new HttpsRedirect((host) => `https://${host}:8443`, ["/.well-known", "/status/"]);

test.for([
  ["shop.example.com", "/cart?id=7", "https://shop.example.com:8443/cart?id=7"],
  ["example.com", "/", "https://example.com:8443/"],
  ["example.com", "*", "https://example.com:8443/"],
  ["shop.example.com", "/.well-known", undefined],
  ["shop.example.com", "/.well-known/acme?x=1", undefined],
  ["shop.example.com", "/.well-known-not", "https://shop.example.com:8443/.well-known-not"],
  ["shop.example.com", "/status/now", undefined],
  ["", "/", undefined],
  ["shop.example.com", "/.well-known/a/..%2fb", undefined],
  ...["/..", "/%2e%2e/cart", "/..%2fcart", "/a/..;/../cart", "/%252e%252e/cart", "//../cart"].map(
    (rest) => ["a.test", `/.well-known${rest}`, `https://a.test:8443/.well-known${rest}`] as const,
  ),
] as const)("a request for %j %s", ([host, path, location]) => {
  expect(redirect.location(host, path)).toBe(location);
});

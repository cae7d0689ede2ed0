import { expect, test } from "vitest";
import { parseLocalAddress } from "./local-address.js";

test.each([
  [3000, { host: "localhost", port: 3000, tls: false, authority: "localhost:3000", isNamed: false }],
  ["3000", { host: "localhost", port: 3000, tls: false, authority: "localhost:3000", isNamed: false }],
  [":3000", { host: "localhost", port: 3000, tls: false, authority: "localhost:3000", isNamed: false }],
  ["127.0.0.1:8080", { host: "127.0.0.1", port: 8080, tls: false, authority: "127.0.0.1:8080", isNamed: false }],
  ["[::1]:8080", { host: "::1", port: 8080, tls: false, authority: "[::1]:8080", isNamed: false }],
  ["http://app.localhost", { host: "app.localhost", port: 80, tls: false, authority: "app.localhost", isNamed: false }],
  ["https://localhost:8443", { host: "localhost", port: 8443, tls: true, authority: "localhost:8443", isNamed: false }],
  ["https://intranet/", { host: "intranet", port: 443, tls: true, authority: "intranet", isNamed: true }],
])("%s is a local address", (text, target) => {
  expect(parseLocalAddress(text)).toEqual(target);
});

test.each([
  "",
  "0",
  "99999",
  ":0",
  ":99999",
  ":",
  "::3000",
  ":3000/path",
  "localhost:99999",
  "ftp://localhost",
  "http://localhost/path",
  "http://user@localhost",
  "./folder",
  "a b",
])("%j is not a local address", (text) => {
  expect(() => parseLocalAddress(text)).toThrow(/is not a local address. Use a port/);
});

test.each(["http://me:canary@localhost:3000", "http://localhost:3000/?key=canary"])(
  "%j is refused, without its secret in the message",
  (text) => {
    expect(() => parseLocalAddress(text)).toThrow(/^(?!.*canary).* is not a local address/);
  },
);

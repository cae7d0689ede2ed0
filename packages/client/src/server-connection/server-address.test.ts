import { expect, test } from "vitest";
import { parseServerAddress } from "./server-address.js";

test.each([
  ["https://tunnel.example.com", "wss://tunnel.example.com/connect"],
  ["wss://tunnel.example.com:8443/", "wss://tunnel.example.com:8443/connect"],
  ["http://localhost:8080", "ws://localhost:8080/connect"],
  ["ws://[::1]:8080", "ws://[::1]:8080/connect"],
  ["tunnel.example.com", "wss://tunnel.example.com/connect"],
])("the WebSocket address of %s is %s", (text, address) => {
  expect(parseServerAddress(text).href).toBe(address);
});

test.each(["", "ftp://example.com", "http://example.com/path", "http://user:secret@example.com", "http://"])(
  "%j is not a server address",
  (text) => {
    expect(() => parseServerAddress(text)).toThrow(/is not a server address/);
  },
);

test.each([
  "http://user:canary@example.com",
  "https://:canary@example.com",
  "https://user:a/canary@example.com",
  "https://user:@canary@example.com",
  "https://example.com/?token=canary",
  "example.com?canary",
  "https://example.com/#canary",
])("%j is refused, without its secret in the message", (text) => {
  expect(() => parseServerAddress(text)).toThrow(/^(?!.*canary).*example.com.* is not a server address/);
});

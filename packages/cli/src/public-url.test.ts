import { expect, test } from "vitest";
import { parsePublicUrl } from "./public-url.js";

test.each(["https://tunnel.example.com", "https://tunnel.example.com/", "http://Tunnel.example.com:8080"])(
  "%s is one",
  (text) => {
    expect(parsePublicUrl(text, "tunnel.example.com")).toBe(new URL(text).origin);
  },
);

test.each([
  "",
  "tunnel.example.com",
  "https://other.example.com",
  "ftp://tunnel.example.com",
  "https://tunnel.example.com/path",
  "https://a@tunnel.example.com",
])("%j is none, and the message says what is", (text) => {
  expect(() => parsePublicUrl(text, "tunnel.example.com")).toThrow(
    expect.objectContaining({
      code: "PN_PUBLIC_URL_INVALID",
      fix: expect.stringContaining("https://tunnel.example.com"),
    }),
  );
});

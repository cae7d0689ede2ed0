import { expect, test } from "vitest";
import { parseTrustedProxies } from "./trusted-proxies.js";

test("addresses and networks, separated by commas", () => {
  expect(parseTrustedProxies("127.0.0.1, 10.0.0.0/8,,fd00::/8")).toEqual(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);
  expect(parseTrustedProxies("")).toEqual([]);
});

test("what is neither is named", () => {
  expect(() => parseTrustedProxies("127.0.0.1,proxy.example")).toThrow(
    expect.objectContaining({ code: "PN_PROXY_INVALID", message: expect.stringContaining("proxy.example") }),
  );
});

import { expect, test } from "vitest";
import { PublicAddress, type PublicAddressOptions } from "./public-address.js";

function address(options: Partial<PublicAddressOptions>, port: number): PublicAddress {
  const made = new PublicAddress({ hasTls: false, ...options });
  made.port = port;
  return made;
}

test.for([
  ["no domain", {}, 8080, "http://localhost:8080", "http://shop.localhost:8080"],
  ["the default port", { domain: "example.com" }, 80, "http://example.com", "http://shop.example.com"],
  ["TLS", { domain: "example.com", hasTls: true }, 443, "https://example.com", "https://shop.example.com"],
  ["a final dot and capitals", { domain: "Example.COM." }, 80, "http://example.com", "http://shop.example.com"],
  [
    "a public URL",
    { domain: "example.com", publicUrl: "https://example.com:8443/" },
    8080,
    "https://example.com:8443",
    "https://shop.example.com:8443",
  ],
] as const)("with %s", ([, options, port, base, tunnel]) => {
  const { url, tunnelPattern } = address(options, port);
  expect([url, address(options, port).tunnelUrl("shop")]).toEqual([base, tunnel]);
  expect(tunnelPattern).toBe(tunnel.replace("shop", "NAME"));
});

test("the URL of a tunnel contains its name, and other URLs contain none", () => {
  const named = address({ domain: "example.com", hasTls: true }, 8443);
  const nameOf = (url: string): string | undefined => named.nameOf(url);
  expect(nameOf("https://shop.example.com:8443")).toBe("shop");
  for (const url of [
    "https://example.com:8443",
    "https://.example.com:8443",
    "http://shop.example.com:8443",
    "https://shop.example.com",
    "https://shop.example.com:443",
    "https://shop.example.com:8443/",
    "https://shop.example.org:8443",
    "https://192.0.2.1:8443",
    "",
  ])
    expect(nameOf(url), url).toBeUndefined();
});

test("the scheme of visitors follows the public URL", () => {
  expect(address({}, 80).proto).toBe("http");
  expect(address({ publicUrl: "https://example.com" }, 80).proto).toBe("https");
});

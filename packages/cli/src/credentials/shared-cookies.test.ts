import { expect, test } from "vitest";
import type { Settings } from "../settings/configuration.js";
import { sharedCookiesWarning, type OwnersCredentials } from "./shared-cookies.js";

function warning(owners: string[], policy: "drop" | "allow", more: Partial<OwnersCredentials> = {}): unknown {
  const server = { base_domain: "tunnel.example.com", parent_domain_cookies: policy };
  const settings = { loaded: { values: { tunnel: { server } } } } as unknown as Settings;
  const keys = { keys: owners.map((owner, n) => ({ owner, key: `key ${n}` })), file: undefined, warnings: [] };
  const certificates = { certificates: [], clientCa: undefined, files: [], warnings: [] };
  return sharedCookiesWarning(settings, { keys, tokens: undefined, certificates, ...more });
}

test("one owner needs no warning, with any number of keys", () => {
  expect(warning(["ann", "ann"], "drop")).toBeUndefined();
  expect(warning(["ann"], "allow")).toBeUndefined();
});

test("several owners are warned of cookies that scripts set, or that all services set", () => {
  expect(warning(["ann", "ben"], "drop")).toMatch(/scripts .* tunnel\.example\.com.* Public Suffix List/);
  expect(warning(["ann", "ben"], "allow")).toMatch(/services .* tunnel\.example\.com.* "drop"/);
});

test("tokens may belong to several owners", () => {
  expect(warning([], "drop", { tokens: {} })).toContain("several owners");
});

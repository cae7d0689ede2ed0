import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StepOptions } from "../middleware/chain/route-steps.js";
import { PolicyError } from "./policy-error.js";
import { POLICY_KINDS } from "./policy-kinds.js";
import { neededPermissions, policyWords, readPolicies, writePolicies } from "./read-policies.js";

const SHA = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
const BCRYPT = (cost: string): string => `$2y$${cost}$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC`;
const SECRET = "0123456789abcdef0123456789abcdef";
const pem = (bits: number): string =>
  generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ type: "spki", format: "pem" }) as string;

/** A valid value of each kind, its options and its words. */
const VALID: Record<string, { value: unknown; options: StepOptions; words: string; needs?: string[] }[]> = {
  allow_ips: [
    {
      value: ["2001:db8::/32", "192.0.2.1", "10.0.0.0/8", "10.0.0.0/8"],
      options: { addresses: { allow: ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"], deny: [] } },
      words: "3 networks",
    },
    { value: [], options: { addresses: { allow: [], deny: [] } }, words: "0 networks" },
  ],
  deny_ips: [{ value: ["192.0.2.1"], options: { addresses: { deny: ["192.0.2.1/32"] } }, words: "without 1 network" }],
  headers: [
    {
      value: { request: { "X-Stage": "test" }, response: { "Cache-Control": "no-store", "X-B": "{client_ip}" } },
      options: {
        headers: {
          request: { set: { "X-Stage": "test" } },
          response: { set: { "Cache-Control": "no-store", "X-B": "{client_ip}" } },
        },
      },
      words: "X-Stage to the service; Cache-Control, X-B to visitors",
    },
    {
      value: { request: { A: "1" } },
      options: { headers: { request: { set: { A: "1" } } } },
      words: "A to the service",
    },
  ],
  rate_limit: [
    {
      value: { requests_per_minute: 60 },
      options: { rateLimit: { window: 60_000, requestsPerMinute: 60 } },
      words: "60/min",
    },
    { value: { max_concurrent: 2 }, options: { rateLimit: { window: 60_000, concurrent: 2 } }, words: "2 at once" },
    {
      value: {
        requests_per_minute: 1,
        window: 1_000,
        burst: 3,
        max_concurrent: 4,
        by_header: "X-Key",
        message: "Slow down.",
      },
      options: {
        rateLimit: {
          window: 1_000,
          requestsPerMinute: 1,
          burst: 3,
          concurrent: 4,
          byHeader: "x-key",
          message: "Slow down.",
        },
      },
      words: "1/min and 4 at once",
    },
  ],
  basic_auth: [
    {
      value: ["# users", `ann:${SHA}`, `bob:${BCRYPT("12")}`],
      options: {
        basicAuth: {
          users: [
            { name: "ann", hash: SHA },
            { name: "bob", hash: BCRYPT("12") },
          ],
        },
      },
      words: "basic auth",
    },
    { value: [], options: { basicAuth: { users: [] } }, words: "basic auth" },
  ],
  password_file: [
    { value: SHA, options: { password: { hash: SHA } }, words: "password page" },
    { value: BCRYPT("12"), options: { password: { hash: BCRYPT("12") } }, words: "password page" },
  ],
  webhook: [
    {
      value: { kind: "github", secret: ["new", "old"] },
      options: { webhook: { kind: "github", secrets: ["new", "old"], window: 300_000, maxSize: 1_000_000 } },
      words: "signed webhooks (github)",
    },
    {
      value: { kind: "hmac", secret: ["s"], header: "X-S", algorithm: "sha1", encoding: "base64", prefix: "v1:" },
      options: {
        webhook: {
          kind: "hmac",
          secrets: ["s"],
          hmac: { header: "X-S", algorithm: "sha1", encoding: "base64", prefix: "v1:" },
          window: 300_000,
          maxSize: 1_000_000,
        },
      },
      words: "signed webhooks (hmac)",
    },
  ],
  jwt: [
    {
      value: { secret: SECRET, issuer: "i", audience: "a", claim_fields: { "X-User": "email" } },
      options: { jwt: { secret: SECRET, issuer: "i", audience: "a", fields: { "X-User": "email" } } },
      words: "JWT",
    },
    {
      value: { jwks_url: "https://auth.example/keys", audience: "a" },
      options: {
        jwt: { jwksUrl: "https://auth.example/keys", audience: "a", fields: { "X-Forwarded-User": "sub" } },
      },
      words: "JWT",
      needs: ["jwt", "jwks_url"],
    },
  ],
  oidc: [
    {
      value: {
        emails: ["B@a.example", "a@a.example", "b@a.example"],
        domains: ["C.example"],
        groups: ["ops", "G"],
        max_age: 60_000,
      },
      options: {
        oidc: { emails: ["a@a.example", "b@a.example"], domains: ["c.example"], groups: ["G", "ops"], maxAge: 60_000 },
      },
      words: "login (2 emails, 1 domain, 2 groups)",
    },
    {
      value: { max_age: 28_800_000 },
      options: { oidc: { emails: [], domains: [], groups: [], maxAge: 28_800_000 } },
      words: "login",
    },
  ],
  forward_auth: [
    {
      value: { url: "http://auth.example/verify", response_fields: ["Remote-User"] },
      options: {
        forwardAuth: { url: "http://auth.example/verify", responseFields: ["Remote-User"], allowPrivate: false },
      },
      words: "forward auth",
    },
  ],
};

const faultOf = (policies: Record<string, unknown>): string => {
  try {
    readPolicies(policies);
  } catch (error) {
    if (error instanceof PolicyError) return `${error.kind}: ${error.message}`;
    throw error;
  }
  return "none";
};

test("every kind has a valid example here", () => {
  expect(Object.keys(VALID).toSorted()).toEqual(POLICY_KINDS.map(({ key }) => key).toSorted());
});

describe.each(Object.entries(VALID))("%s", (key, examples) => {
  test("is read, described and written again", () => {
    for (const { value, options, words, needs = [key] } of examples) {
      const read = readPolicies({ [key]: value });
      expect(read).toEqual(options);
      expect(policyWords(read)).toEqual({ [key]: words });
      expect(neededPermissions(read)).toEqual(needs);
      expect(readPolicies(writePolicies(read))).toEqual(read);
    }
  });

  test("is refused with a value of another kind, and with an unknown or wrong key", () => {
    for (const wrong of [null, 1, "text", true, [1], [null], [[]], [""], { unknown: 1 }, {}, ["x".repeat(5_000)]]) {
      expect(faultOf({ [key]: wrong }), JSON.stringify(wrong)).toMatch(/^invalid: /);
    }
    for (const { value } of examples) {
      if (Array.isArray(value) || typeof value !== "object") continue;
      expect(faultOf({ [key]: { ...(value as object), canary: 1 } })).toMatch(/^invalid: .*unknown key "canary"/);
      for (const name of Object.keys(value as object))
        for (const wrong of [null, [], -1, 1.5, true, "", "\0", "x".repeat(5_000), { a: 1 }, [null]]) {
          const changed = { [key]: { ...(value as object), [name]: wrong } };
          const isList = name === "response_fields" && Array.isArray(wrong) && wrong.length === 0;
          if (!isList) expect(faultOf(changed), `${name} ${JSON.stringify(wrong)}`).toMatch(/^invalid: /);
        }
    }
  });
});

test("all kinds together are read in one order, whatever the order of the keys", () => {
  const { jwt: _, ...rest } = VALID;
  const all = Object.entries(rest).map(([key, [example]]) => [key, example!.value] as const);
  const [one, other] = [Object.fromEntries(all), Object.fromEntries(all.toReversed())];
  expect(JSON.stringify(readPolicies(one))).toBe(JSON.stringify(readPolicies(other)));
  expect(Object.values(policyWords(readPolicies(one)))).toEqual([
    "3 networks",
    "without 1 network",
    "60/min",
    "basic auth",
    "password page",
    "signed webhooks (github)",
    "login (2 emails, 1 domain, 2 groups)",
    "forward auth",
    "X-Stage to the service; Cache-Control, X-B to visitors",
  ]);
});

test.each<[why: string, policies: Record<string, unknown>, fault: RegExp]>([
  ["a policy of a later version", { passkeys: {} }, /^unsupported: unknown: "passkeys"$/],
  ["the name of a property of all objects", { constructor: {} }, /^unsupported: /],
  ["a key with control characters", { "\u001b[2J": 1 }, /^unsupported: unknown: "\?\[2J"$/],
  ["a list at a URL", { allow_ips: ["https://lists.example/ips"] }, /only the configuration of the server/],
  ["a file", { allow_ips: ["./office.txt"] }, /neither an IP address nor a network/],
  ["an empty list of refused networks", { deny_ips: [] }, /deny_ips is empty/],
  [
    "a hash that takes long to check",
    { basic_auth: [`a:${BCRYPT("13")}`] },
    /line 1: .* cost 13; use one from 4 to 12/,
  ],
  ["a password in plain text", { basic_auth: ["ann:canary"] }, /line 1: the password is a password in plain text/],
  ["basic_auth and jwt", { basic_auth: [], jwt: { secret: SECRET } }, /exclude each other/],
  ["a short secret", { jwt: { secret: "canary" } }, /secret has 6 bytes/],
  ["two keys", { jwt: { secret: SECRET, jwks_url: "https://a.example/", audience: "a" } }, /exactly one of/],
  ["no key", { jwt: { issuer: "i" } }, /exactly one of/],
  ["keys at a URL without an audience", { jwt: { jwks_url: "https://a.example/" } }, /needs an audience/],
  ["keys at a URL without TLS", { jwt: { jwks_url: "http://a.example/", audience: "a" } }, /URL with https/],
  [
    "a private key",
    { jwt: { public_key: "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----" } },
    /not a public/,
  ],
  ["a huge key", { jwt: { public_key: pem(4_104) } }, /more than 4096 bits/],
  ["a field that only the server sets", { jwt: { secret: SECRET, claim_fields: { Host: "sub" } } }, /cannot be set/],
  ["a window without a rate", { rate_limit: { max_concurrent: 1, window: 1_000 } }, /need requests_per_minute/],
  ["headers of nothing", { headers: {} }, /needs request or response/],
  ["empty headers", { headers: { request: {} } }, /needs request or response/],
  ["a header of the connection", { headers: { response: { Connection: "close" } } }, /cannot be changed/],
  ["a header that only the server sets", { headers: { request: { "X-Forwarded-For": "1" } } }, /cannot be set/],
  ["an unknown placeholder", { headers: { request: { A: "{secret}" } } }, /not a placeholder/],
  ["a limit of nothing", { rate_limit: {} }, /needs requests_per_minute or max_concurrent/],
  ...[
    "http://127.0.0.1/",
    "http://localhost:80/",
    "http://a.localhost/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest",
    "http://[::ffff:10.0.0.1]/",
    "http://0x7f.1/",
    "http://2130706433/",
  ].map((url): [string, Record<string, unknown>, RegExp] => [
    `the service ${url}`,
    { forward_auth: { url } },
    /private address/,
  ]),
  ["logins without a time", { oidc: { domains: ["a.example"] } }, /needs max_age/],
  ["logins of everybody or nobody", { oidc: { emails: [], max_age: 60_000 } }, /emails of oidc is empty/],
  ["an address that is none", { oidc: { emails: ["a.example"], max_age: 60_000 } }, /entry without one @/],
  ["a domain that is an address", { oidc: { domains: ["a@a.example"], max_age: 60_000 } }, /entry with @/],
  ["a provider of the client", { oidc: { issuer: "https://canary.example", max_age: 60_000 } }, /unknown key "issuer"/],
  ["a service with a password", { forward_auth: { url: "http://a:canary@b.example/" } }, /must be a URL/],
  ["a service that is no web service", { forward_auth: { url: "file:///etc/passwd" } }, /must be a URL/],
])("%s is refused, and nothing secret is shown", (_, policies, fault) => {
  expect(faultOf(policies)).toMatch(fault);
  if (!("canary" in policies)) expect(faultOf(policies)).not.toMatch(/canary|SHA|\$2y/);
});

test("anything is refused, or enforced completely: nothing is ignored", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    ...Object.values(VALID).flatMap((examples) => examples.map((example) => fc.constant(example.value))),
    fc.dictionary(fc.constantFrom("requests_per_minute", "max_concurrent", "burst", "url", "secret"), fc.jsonValue()),
  );
  const key = fc.oneof(fc.constantFrom(...Object.keys(VALID)), fc.string());
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 3 }), (policies) => {
      let options: StepOptions;
      try {
        options = readPolicies(policies);
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyError);
        return;
      }
      expect(Object.keys(policyWords(options)).toSorted()).toEqual(Object.keys(policies).toSorted());
      expect(readPolicies(writePolicies(options))).toEqual(options);
    }),
    { numRuns: 500 },
  );
});

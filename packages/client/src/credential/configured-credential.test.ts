import { expect, test } from "vitest";
import { LOGIN_LIMITS } from "@postern/protocol";
import { credentialOf } from "./configured-credential.js";
import type { Credential } from "./credential.js";
import type { ConnectOptions } from "../options.js";

const REFRESH = { url: "https://issuer.example/token", refreshToken: "r0" };

const reports: { message: string; data: object }[] = [];
function credential(options: Partial<ConnectOptions>): Credential {
  return credentialOf(
    { server: "https://tunnel.example", local: 3_000, ...options },
    (message, data) => void reports.push({ message, data }),
  );
}

test.for([
  [{ apiKey: "k" }, { method: "api_key", api_key: "k" }],
  [{ token: "t" }, { method: "token", token: "t" }],
  [
    { token: "t", tokenRefresh: REFRESH },
    { method: "token", token: "t" },
  ],
  [{ tls: { cert: "c", key: "k" } }, { method: "certificate" }],
  // The certificate is presented in TLS with any login.
  [
    { tls: { cert: "c", key: "k" }, apiKey: "k" },
    { method: "api_key", api_key: "k" },
  ],
  [
    { tls: { cert: "c", key: "k" }, token: "t" },
    { method: "token", token: "t" },
  ],
] as const)("%j", async ([options, auth]) => {
  const plain = credential(options);
  expect(await plain.auth()).toEqual(auth);
  const named = credential({ ...options, user: "alice" });
  expect(await named.auth()).toEqual({ ...auth, user: "alice" });
  for (const each of [plain, named]) await each.release();
});

test.for([{}, { tls: {} }, { user: "alice" }, { apiKey: "k", token: "t" }, { apiKey: "k", tokenRefresh: REFRESH }])(
  "%j does not have exactly one credential",
  (options) =>
    expect(() => credential(options)).toThrow(/exactly one credential: apiKey, or token and tokenRefresh, or a cert/),
);

test("a token that is too long for a login is not sent", async () => {
  const fits = credential({ token: "x".repeat(LOGIN_LIMITS.token) });
  expect((await fits.auth()).token).toHaveLength(LOGIN_LIMITS.token);
  await expect(credential({ token: "x".repeat(LOGIN_LIMITS.token + 1) }).auth()).rejects.toMatchObject({
    code: "PN_AUTH_REFUSED",
    retryable: false,
  });
});

test("a credential that is not renewed is reported before it expires, with what to do", () => {
  credential({ token: "t" }).expiring(59_100);
  credential({ tls: { cert: "c", key: "k" } }).expiring(1);
  expect(reports).toEqual([
    {
      message: expect.stringMatching(/^the token expires in 60 s.*set token_refresh$/),
      data: { state: "expiring", expires_in_ms: 59_100 },
    },
    {
      message: expect.stringMatching(/^(?!.*token).*certificate expires in 1 s: renew it$/),
      data: { state: "expiring", expires_in_ms: 1 },
    },
  ]);
});

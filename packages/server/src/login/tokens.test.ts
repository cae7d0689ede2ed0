import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { SignJWT } from "jose";
import type { TunnelError } from "@postern/protocol";
import { Tokens, type TokenOptions } from "./tokens.js";

const SECRET = "a-secret-of-the-tests-with-32-bytes-and-more";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const pem = rsa.publicKey.export({ type: "spki", format: "pem" }) as string;
const CLAIMS = { sub: "alice", aud: "postern", exp: Math.floor(Date.now() / 1_000) + 600 };

const part = (value: object | string): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const byHmac = (header: object, secret: string, claims: object | string = CLAIMS): string => {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};
const byRsa = (header: object, claims: object = CLAIMS): string => {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createSign("sha256").update(signed).sign(rsa.privateKey, "base64url")}`;
};

async function outcome(options: TokenOptions, token: string): Promise<string> {
  return new Tokens(options).authenticate({ method: "token", token }).then(
    ({ owner }) => owner,
    (error: TunnelError) => error.code,
  );
}

test("each kind of key accepts the tokens that it signed", async () => {
  expect(await outcome({ secret: SECRET }, byHmac({ alg: "HS256" }, SECRET))).toBe("alice");
  expect(await outcome({ publicKey: pem }, byRsa({ alg: "RS256", typ: "JWT", kid: "../../any" }))).toBe("alice");
  for (const [kind, alg] of [
    ["P-256", "ES256"],
    ["P-384", "ES384"],
    ["ed25519", "EdDSA"],
  ] as const) {
    const { publicKey, privateKey } =
      kind === "ed25519" ? generateKeyPairSync(kind) : generateKeyPairSync("ec", { namedCurve: kind });
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg }).sign(privateKey);
    const options = { publicKey: publicKey.export({ type: "spki", format: "pem" }) as string };
    expect(await outcome(options, token)).toBe("alice");
    expect(await outcome({ publicKey: pem }, token)).toBe("PN_AUTH_REFUSED");
  }
});

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const ownJwk = own.publicKey.export({ format: "jwk" });
const byOwn = (header: object): string => {
  const signed = `${part(header)}.${part(CLAIMS)}`;
  return `${signed}.${createSign("sha256").update(signed).sign(own.privateKey, "base64url")}`;
};

test.for([
  ["alg none", `${part({ alg: "none" })}.${part(CLAIMS)}.`],
  ["alg None with a signature", byRsa({ alg: "None" })],
  ["no alg", byRsa({})],
  ["alg is a list", byRsa({ alg: ["RS256"] })],
  ["the public key as a secret", byHmac({ alg: "HS256" }, pem)],
  ["another algorithm of the same key", byRsa({ alg: "RS512" })],
  ["PSS", byRsa({ alg: "PS256" })],
  ["a key of its own as jwk", byOwn({ alg: "RS256", jwk: ownJwk })],
  ["as jku", byOwn({ alg: "RS256", jku: "http://127.0.0.1:9/jwks" })],
  ["as x5u and x5c", byOwn({ alg: "RS256", x5u: "http://127.0.0.1:9/", x5c: ["AAAA"] })],
  ["a kid that is not a string", byRsa({ alg: "RS256", kid: { $ne: 1 } })],
  ["a critical extension", byRsa({ alg: "RS256", crit: ["x"], x: 1 })],
  ["an unencoded payload", byRsa({ alg: "RS256", crit: ["b64"], b64: false })],
  ["no exp", byRsa({ alg: "RS256" }, { sub: "alice" })],
  ["a changed payload", byRsa({ alg: "RS256" }).replace(/\.[^.]+\./, `.${part({ ...CLAIMS, sub: "bob" })}.`)],
  ["a signature cut off", byRsa({ alg: "RS256" }).slice(0, -9)],
  ["an empty signature", byRsa({ alg: "RS256" }).replace(/[^.]+$/, "")],
  ["five parts", "eyJhbGciOiJkaXIifQ..a.b.c"],
  ["a payload that is a list", byHmac({ alg: "HS256" }, SECRET, "[1]")],
  ["nothing", ""],
  ["line breaks", byRsa({ alg: "RS256" }).replace(".", ".\n")],
  ["100 KB", `${byRsa({ alg: "RS256" })}${"A".repeat(100_000)}`],
] as const)("%s is refused", async ([, token]) => {
  expect(await outcome({ publicKey: pem }, token)).toBe("PN_AUTH_REFUSED");
  expect(await outcome({ secret: SECRET }, token)).toBe("PN_AUTH_REFUSED");
});

test("an expired token is reported as expired only if its signature is valid", async () => {
  const past = { ...CLAIMS, exp: 1_000 };
  expect(await outcome({ publicKey: pem }, byRsa({ alg: "RS256" }, past))).toBe("PN_AUTH_EXPIRED");
  expect(await outcome({ secret: SECRET }, byRsa({ alg: "RS256" }, past))).toBe("PN_AUTH_REFUSED");
});

test("the reason does not repeat the token or the secret", async () => {
  const token = byHmac({ alg: "HS256" }, "another-secret", "canary");
  const error = await new Tokens({ secret: SECRET })
    .authenticate({ method: "token", token })
    .catch((thrown: Error) => thrown);
  expect((error as Error).message).not.toMatch(/canary|secret/);
});

test("exactly one valid key is required", () => {
  for (const options of [{}, { secret: "short" }, { secret: SECRET, publicKey: pem }, { publicKey: "none" }])
    expect(() => new Tokens(options)).toThrow(RangeError);
});

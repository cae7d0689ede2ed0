import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect, test } from "vitest";
import { jwkKey, pemKey, secretKey } from "./token-key.js";

const toPem = ({ publicKey }: { publicKey: KeyObject }): string =>
  publicKey.export({ type: "spki", format: "pem" }) as string;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const privatePem = rsa.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const curve = (namedCurve: string): string => toPem(generateKeyPairSync("ec", { namedCurve }));
const jwk = generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey.export({ format: "jwk" });

test("the kind of key determines the algorithm", () => {
  expect(pemKey(toPem(rsa)).algorithms).toEqual(["RS256"]);
  expect(pemKey(curve("P-256")).algorithms).toEqual(["ES256"]);
  expect(pemKey(curve("P-384")).algorithms).toEqual(["ES384"]);
  expect(pemKey(toPem(generateKeyPairSync("ed25519"))).algorithms).toEqual(["EdDSA", "Ed25519"]);
  expect(secretKey("s".repeat(32)).algorithms).toEqual(["HS256"]);
});

test.for([
  ["a private key", privatePem, /private key/],
  ["text", "hello", /not a public key/],
  ["a short RSA key", toPem(generateKeyPairSync("rsa", { modulusLength: 1_024 })), /2048 bits/],
  [
    "an RSA key with exponent 1",
    toPem({ publicKey: createPublicKey({ key: { ...jwk, e: "AQ" }, format: "jwk" }) }),
    /forge/,
  ],
  ["another curve", curve("secp256k1"), /Ed25519/],
] as const)("%s is refused with advice", ([, text, why]) => {
  expect(() => pemKey(text)).toThrow(why);
});

test("a short secret is refused, and the error does not repeat it", () => {
  expect(() => secretKey("short-secret")).toThrow(/12 bytes; at least 32/);
  expect(() => secretKey("short-secret")).not.toThrow(/short-secret/);
});

test("a published key may name its use and an algorithm of its kind", () => {
  expect(jwkKey({ ...jwk })?.algorithms).toEqual(["RS256"]);
  expect(jwkKey({ ...jwk, alg: "PS256", use: "sig", key_ops: ["verify"] })?.algorithms).toEqual(["PS256"]);
  for (const odd of [
    { alg: "HS256" },
    { alg: "none" },
    { alg: "ES256" },
    { alg: ["RS256"] },
    { use: "enc" },
    { key_ops: ["encrypt"] },
  ])
    expect(jwkKey({ ...jwk, ...odd }), JSON.stringify(odd)).toBeUndefined();
  for (const none of [
    {},
    { kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA" },
    { kty: "RSA", n: "x" },
    { ...jwk, d: "x" },
    { ...jwk, e: "AQ" },
  ])
    expect(jwkKey(none)).toBeUndefined();
});

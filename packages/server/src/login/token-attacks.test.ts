import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { Introspection } from "./introspection.js";
import { Tokens, type TokenOptions } from "./tokens.js";

const SECRET = "canary-secret-of-more-than-32-bytes";
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = publicKey.export({ type: "spki", format: "pem" }) as string;

const part = (text: string): string => Buffer.from(text).toString("base64url");
const CLAIMS = `{"sub":"alice","exp":${Math.ceil(Date.now() / 1_000) + 600}}`;

/** A JWT from unchecked texts, signed with HMAC. */
function hmac(header: string, claims = CLAIMS, secret: string | Buffer = SECRET): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

async function outcome(options: TokenOptions, token: string): Promise<string> {
  try {
    return (await new Tokens(options).authenticate({ method: "token", token })).owner;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a token cannot choose how it is verified", () => {
  const HS256 = '{"alg":"HS256"}';
  const empty = `${part('{"alg":"ES256"}')}.${part(CLAIMS)}.`;
  const zero = `${part('{"alg":"ES256"}')}.${part(CLAIMS)}.${Buffer.alloc(64).toString("base64url")}`;
  const jwk = JSON.stringify({ alg: "ES256", jwk: publicKey.export({ format: "jwk" }) });
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const withOwn = (header: object): string => {
    const text = `${part(JSON.stringify({ alg: "ES256", ...header }))}.${part(CLAIMS)}`;
    return `${text}.${sign("sha256", Buffer.from(text), { key: own.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  };
  const ownJwk = own.publicKey.export({ format: "jwk" });
  test.for([
    ["the PEM of the key as a secret", { publicKey: PEM }, hmac(HS256, CLAIMS, PEM)],
    ["its DER", { publicKey: PEM }, hmac(HS256, CLAIMS, publicKey.export({ type: "spki", format: "der" }))],
    ["no signature", { publicKey: PEM }, empty],
    ["a signature of zeros", { publicKey: PEM }, zero],
    ["alg none", { secret: SECRET }, `${part('{"alg":"none"}')}.${part(CLAIMS)}.`],
    ["a key of its own", { publicKey: PEM }, withOwn({ jwk: ownJwk })],
    ["an address with keys", { publicKey: PEM }, withOwn({ jku: "http://127.0.0.1:9/jwks", kid: "1" })],
    ["two algorithms", { secret: SECRET }, hmac('{"alg":"HS256","alg":"none"}')],
    ["an extension", { secret: SECRET }, hmac('{"alg":"HS256","crit":["exp"],"exp":1}')],
    ["a jwk with the right key under HMAC", { publicKey: PEM }, hmac(jwk)],
  ] as const)("%s", async ([, options, token]) => expect(await outcome(options, token)).toBe("PN_AUTH_REFUSED"));

  test("an unencoded payload with a valid signature", async () => {
    const header = part('{"alg":"HS256","b64":false,"crit":["b64"]}');
    const text = `${header}.${CLAIMS}`;
    const token = `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
    expect(await outcome({ secret: SECRET }, token)).toBe("PN_AUTH_REFUSED");
  });

  test.for([
    ["text", '"9999999999"'],
    ["infinite", "1e400"],
    ["negative", "-1"],
    ["null", "null"],
    ["a list", "[9999999999]"],
    ["last of two", '9999999999,"exp":1'],
  ])("an exp that is %s", async ([, exp]) =>
    expect(await outcome({ secret: SECRET }, hmac(HS256, `{"sub":"a","exp":${exp}}`))).toMatch(/PN_AUTH_/),
  );

  test("a valid token is accepted", async () => expect(await outcome({ secret: SECRET }, hmac(HS256))).toBe("alice"));
});

test("a public key as the secret is refused at start: anyone who has it could issue tokens", () => {
  expect(() => new Tokens({ secret: PEM })).toThrow(/PEM/);
  expect(privateKey.type).toBe("private");
});

describe("a slow issuer", () => {
  /** Responds to the oldest request when `respond` is called. */
  async function slowIssuer(): Promise<{ url: string; asked: string[]; respond: () => void }> {
    const asked: string[] = [];
    const open: ServerResponse[] = [];
    const server = createServer((incoming: IncomingMessage, outgoing) => {
      incoming.on("data", (form: Buffer) => {
        asked.push(new URLSearchParams(String(form)).get("token") ?? "");
        open.push(outgoing);
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const respond = (): void => void open.shift()?.end('{"active":false}');
    return { url, asked, respond };
  }

  test("is asked about known tokens, however many unknown ones there are", async () => {
    const issuer = await slowIssuer();
    const introspection = new Introspection({ url: issuer.url }, false);
    const unknown = Array.from({ length: SERVER_LIMITS.introspections }, (_, n) => introspection.check(`unknown-${n}`));
    for (const each of unknown) each.catch(() => {});
    await expect(introspection.check("one-more")).rejects.toMatchObject({ code: "PN_AUTH_UNAVAILABLE" });
    const known = introspection.check("known", true);
    known.catch(() => {});
    await expect.poll(() => issuer.asked.length).toBe(unknown.length);
    // The next free place is for the known token.
    issuer.respond();
    await expect.poll(() => issuer.asked.at(-1)).toBe("known");
    for (let n = 0; n < unknown.length; n++) issuer.respond();
    await expect(known).rejects.toMatchObject({ code: "PN_AUTH_REFUSED" });
  });
});

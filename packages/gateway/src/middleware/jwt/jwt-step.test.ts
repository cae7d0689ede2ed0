import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Refusal } from "../../http/index.js";
import { SharedRoom } from "../../shared-room/shared-room.js";
import { outcome, stepRequest, type PlainStepRequest } from "../step-requests.suite.js";
import { JwtStep, type JwtOptions } from "./jwt-step.js";

const SECRET = "a-secret-of-tests-with-more-than-32-bytes";
const NOW = 1_700_000_000_000;
const CLAIMS = { sub: "ann", iss: "https://idp.example", aud: "shop", exp: NOW / 1_000 + 60 };
const INVALID = "401 PN_ACCESS_TOKEN";

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with these claims, signed with HMAC. */
function token(claims: object = CLAIMS, header: object = { alg: "HS256" }, secret = SECRET): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** A route that needs tokens, and visitors. */
class Guarded {
  now = NOW;
  startedAt = 1_000_000.5;
  readonly warnings: string[] = [];
  step: JwtStep;
  request!: PlainStepRequest;

  constructor(options: Partial<JwtOptions> = {}) {
    this.step = this.create(options);
  }

  create(options: Partial<JwtOptions> = {}): JwtStep {
    const keys = options.publicKey === undefined && options.jwksUrl === undefined ? { secret: SECRET } : {};
    const all = { ...keys, fields: { "X-Forwarded-User": "sub" }, ...options };
    return new JwtStep(all, { now: () => this.now, onWarning: (text) => void this.warnings.push(text) });
  }

  async ask(given: string, address = "192.0.2.1"): Promise<string> {
    const fields: Record<string, string> = given === "" ? {} : { authorization: `Bearer ${given}` };
    this.request = stepRequest({ address, startedAt: this.startedAt }, fields);
    return outcome(await this.step.check(this.request));
  }
}

describe("a visitor", () => {
  test("without a token is asked for one, and with a wrong one told that it is wrong", async () => {
    const guarded = new Guarded();
    expect(await guarded.ask("")).toBe(INVALID);
    expect((guarded.step.check(guarded.request) as Refusal).fields).toEqual({
      "WWW-Authenticate": 'Bearer realm="restricted"',
    });
    expect(await guarded.ask("a.b.c")).toBe(INVALID);
    expect(((await guarded.step.check(guarded.request)) as Refusal).fields).toEqual({
      "WWW-Authenticate": 'Bearer realm="restricted", error="invalid_token"',
    });
  });

  test("of a step that keeps tokens to itself is admitted, and the target gets no token", async () => {
    const guarded = new Guarded({ dropsToken: true });
    for (let n = 0; n < 2; n++) {
      expect(await guarded.ask(token())).toBe("admitted");
      expect(guarded.request.edits).toEqual([
        { names: ["authorization", "x-forwarded-user"], lines: "X-Forwarded-User: ann\r\n", principal: "ann" },
      ]);
    }
  });

  test("with a valid token is admitted, and the target gets its claims as fields", async () => {
    const fields = {
      "X-Forwarded-User": "sub",
      "X-Groups": "groups",
      "X-Email": "email",
      "X-Admin": "admin",
      "X-Bad": "bad",
    };
    const guarded = new Guarded({ fields });
    const claims = { ...CLAIMS, groups: ["a", "b"], admin: true, email: "ä@b.example", bad: "x\r\nX: y" };
    for (let n = 0; n < 2; n++) {
      expect(await guarded.ask(token(claims))).toBe("admitted");
      expect(guarded.request.edits).toEqual([
        {
          names: ["x-forwarded-user", "x-groups", "x-email", "x-admin", "x-bad"],
          lines: "X-Forwarded-User: ann\r\nX-Groups: a,b\r\nX-Email: Ã¤@b.example\r\nX-Admin: true\r\n",
          principal: "ann",
        },
      ]);
    }
  });

  test("has no part of a list whose name contains a comma, because the target would read several", async () => {
    const guarded = new Guarded({ fields: { "X-Groups": "groups", "X-One": "one" } });
    await guarded.ask(token({ ...CLAIMS, groups: ["staff", "guests,admins", "b"], one: "a,b" }));
    expect(guarded.request.edits[0]!.lines).toBe("X-Groups: staff,b\r\nX-One: a,b\r\n");
    await guarded.ask(token({ ...CLAIMS, groups: [",admins"] }));
    expect(guarded.request.edits[0]!.lines).toBe("");
  });

  test("keeps the last letter of a claim, whatever its bytes are", async () => {
    const guarded = new Guarded();
    expect(await guarded.ask(token({ ...CLAIMS, sub: " Nicolà " }))).toBe("admitted");
    const [edits] = guarded.request.edits;
    expect(Buffer.from(edits!.lines, "latin1").toString()).toBe("X-Forwarded-User: Nicolà\r\n");
  });

  test.each([
    ["another secret", token(CLAIMS, { alg: "HS256" }, `${SECRET}x`)],
    ["no signature", token(CLAIMS, { alg: "none" })],
    ["another algorithm", token(CLAIMS, { alg: "HS512" })],
    ["an end in the past", token({ ...CLAIMS, exp: NOW / 1_000 })],
    ["no end", token({ sub: "ann", iss: CLAIMS.iss, aud: CLAIMS.aud })],
    ["a beginning in the future", token({ ...CLAIMS, nbf: NOW / 1_000 + 60 })],
    ["another issuer", token({ ...CLAIMS, iss: "https://other.example" })],
    ["another audience", token({ ...CLAIMS, aud: ["other"] })],
    ["one letter changed", token().replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
    ["more than 8 KiB", token({ ...CLAIMS, more: "x".repeat(8_192) })],
  ])("with a token with %s is refused", async (_, given) => {
    const guarded = new Guarded({ issuer: CLAIMS.iss, audience: CLAIMS.aud });
    expect(await guarded.ask(token())).toBe("admitted");
    expect(await guarded.ask(given)).toBe(INVALID);
  });
});

test("a token that is known is not checked again, until it ends", async () => {
  const guarded = new Guarded();
  expect(await guarded.ask(token())).toBe("admitted");
  expect(guarded.step.check(guarded.request)).toBeUndefined();
  guarded.now = NOW + 59_999;
  expect(guarded.step.check(guarded.request)).toBeUndefined();
  guarded.now = NOW + 60_000;
  expect(await guarded.ask(token())).toBe(INVALID);
});

test("a token that lives long is checked again after 5 minutes", async () => {
  const guarded = new Guarded();
  await guarded.ask(token({ ...CLAIMS, exp: NOW / 1_000 + 86_400 }));
  guarded.now += 299_999;
  expect(guarded.step.check(guarded.request)).toBeUndefined();
  guarded.now += 1;
  expect(guarded.step.check(guarded.request)).toBeInstanceOf(Promise);
});

test("wrong tokens are limited to 100 a minute for each address, over a reload too; right ones do not count", async () => {
  const guarded = new Guarded();
  for (let n = 0; n < 150; n++) expect(await guarded.ask(token({ ...CLAIMS, n }))).toBe("admitted");
  for (let n = 0; n < 100; n++) expect(await guarded.ask(`a.b.${n}`)).toBe(INVALID);
  expect(await guarded.ask("a.b.x")).toBe("429 PN_ACCESS_FAILURES");
  expect(await guarded.ask("a.b.x", "192.0.2.2")).toBe(INVALID);
  expect(await guarded.ask(token({ ...CLAIMS, n: 0 }))).toBe("admitted");
  const former = guarded.step;
  guarded.step = guarded.create();
  guarded.step.inherit(former);
  expect(await guarded.ask(token({ ...CLAIMS, n: 0 }))).toBe("429 PN_ACCESS_FAILURES");
  guarded.startedAt += 600;
  expect(await guarded.ask(token())).toBe("admitted");
});

test("keys at a URL: while they cannot be fetched, visitors get 503, and the reason is reported once", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  let isDown = true;
  const server = createServer((_, outgoing) => {
    if (isDown) return void outgoing.writeHead(500).end();
    outgoing.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "a" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const guarded = new Guarded({ jwksUrl });
  const text = `${part({ alg: "ES256", kid: "a" })}.${part(CLAIMS)}`;
  const signed = `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  expect(await guarded.ask(signed)).toBe("503 PN_ACCESS_ISSUER");
  expect(await guarded.ask(signed)).toBe("503 PN_ACCESS_ISSUER");
  expect(guarded.warnings).toEqual([expect.stringContaining("jwks_url: HTTP 500")]);
  isDown = false;
  guarded.step = guarded.create({ jwksUrl });
  expect(await guarded.ask(signed)).toBe("admitted");
  expect(await guarded.ask(token())).toBe(INVALID);
  // Strangers can invent the name of a key, also just after the keys were fetched.
  const invented = `${part({ alg: "ES256", kid: "b" })}.${part(CLAIMS)}.${"A".repeat(86)}`;
  for (let n = 0; n < 2; n++) expect(await guarded.ask(invented)).toBe(INVALID);
  expect(guarded.warnings).toHaveLength(1);
});

test("an owner of tunnels cannot publish a key so large that its checks take long", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 4_104 });
  const server = createServer((_, outgoing) => {
    outgoing.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "a" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const text = `${part({ alg: "RS256", kid: "a" })}.${part(CLAIMS)}`;
  const signed = `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  const options = { jwksUrl, allowPrivate: true, fields: {} };
  const verdictOf = async (tenancy?: { room: SharedRoom }): Promise<string> => {
    const request = stepRequest({}, { authorization: `Bearer ${signed}` });
    return outcome(await new JwtStep(options, { now: () => NOW }, tenancy).check(request));
  };
  expect(await verdictOf()).toBe("admitted");
  expect(await verdictOf({ room: new SharedRoom(100) })).toBe("503 PN_ACCESS_ISSUER");
});

test("keys and fields that are not valid are refused", () => {
  expect(() => new JwtStep({ fields: {} })).toThrow(/need a secret/);
  expect(() => new JwtStep({ secret: "canary", fields: {} })).toThrow(/at least 32/);
  expect(() => new JwtStep({ secret: "canary", fields: {} })).not.toThrow(/canary/);
  expect(() => new JwtStep({ secret: SECRET, fields: { Host: "sub" } })).toThrow(/cannot be set for targets/);
});

import { describe, expect, test } from "vitest";
import type { Refusal } from "../../http/index.js";
import { RECORDED, stripeSignature } from "../../webhook-signatures/recorded-webhooks.suite.js";
import { outcome, stepRequest } from "../step-requests.suite.js";
import { WebhookStep } from "./webhook-step.js";

const INVALID = "401 PN_ACCESS_SIGNATURE";
const SECRET = "canary-secret";

/** A route for webhooks of Stripe. */
class Guarded {
  now = 1_800_000_000_000;
  readonly warnings: string[] = [];
  readonly limits: number[] = [];
  step = this.create();

  create(): WebhookStep {
    return new WebhookStep(
      { kind: "stripe", secrets: [SECRET], route: "a.test/hook" },
      { now: () => this.now, onWarning: (text) => void this.warnings.push(text) },
    );
  }

  async ask(signature: string, body: string, address = "192.0.2.1"): Promise<string> {
    const fields = signature === "" ? {} : { "stripe-signature": signature };
    const request = stepRequest({ method: "POST", address, startedAt: this.now }, fields, body);
    const readBody = (most: number): Promise<Buffer> => {
      this.limits.push(most);
      return request.readBody(most);
    };
    return outcome(await this.step.check({ ...request, readBody }));
  }

  /** A request that is signed now. */
  send(body: string, secret = SECRET): Promise<string> {
    return this.ask(stripeSignature(secret, Math.floor(this.now / 1_000), body), body);
  }
}

test.each(Object.entries(RECORDED))("a webhook of %s is admitted", async (_, { options, fields, body, time }) => {
  const step = new WebhookStep(options, { now: () => time * 1_000 });
  expect(outcome(await step.check(stepRequest({ method: "POST" }, fields, body)))).toBe("admitted");
  expect(outcome(await step.check(stepRequest({ method: "POST" }, fields, `${body} `)))).toBe(INVALID);
});

test("the sender learns nothing of the reason, and the owner learns it, without the secret", async () => {
  const guarded = new Guarded();
  const now = guarded.now / 1_000;
  const { fields } = (await guarded.step.check(stepRequest({}))) as Refusal;
  expect(fields).toEqual({ "WWW-Authenticate": 'Signature realm="restricted"' });
  for (const signature of ["t=x", stripeSignature(SECRET, now - 301, "x"), stripeSignature(SECRET, now + 302, "x")])
    expect(await guarded.ask(signature, "x")).toBe(INVALID);
  expect(await guarded.send("x", "other")).toBe(INVALID);
  expect(guarded.warnings).toEqual([
    "A webhook for a.test/hook from 192.0.2.1 was refused: there is no header Stripe-Signature, or more than one.",
    "A webhook for a.test/hook from 192.0.2.1 was refused: the header Stripe-Signature does not have the form of this kind.",
    "A webhook for a.test/hook from 192.0.2.1 was refused: it was signed 301 seconds ago.",
    "A webhook for a.test/hook from 192.0.2.1 was refused: it was signed 302 seconds in the future: compare the clocks.",
    "A webhook for a.test/hook from 192.0.2.1 was refused: no secret of the route makes its signature, or its body was changed on its way.",
  ]);
  expect(guarded.warnings.join()).not.toContain("canary");
});

test("a million strangers make one line a minute", async () => {
  const guarded = new Guarded();
  for (let n = 0; n < 1_000; n++) await guarded.ask("", "");
  expect(guarded.warnings).toHaveLength(1);
  guarded.now += 60_000;
  await guarded.ask("", "");
  expect(guarded.warnings).toHaveLength(2);
  expect(guarded.warnings[1]).toMatch(/more than one\. There were 999 more for this reason\.$/);
});

test("without a signature that could be valid, no body is read", async () => {
  const guarded = new Guarded();
  await guarded.ask("", "x");
  await guarded.ask(stripeSignature(SECRET, guarded.now / 1_000 - 400, "x"), "x");
  expect(guarded.limits).toEqual([]);
  await guarded.send("x");
  expect(guarded.limits).toEqual([1_000_000]);
});

describe("a request that is sent again", () => {
  test("is refused, also after a reload; one with another time is admitted", async () => {
    const guarded = new Guarded();
    const signature = stripeSignature(SECRET, guarded.now / 1_000, "x");
    expect(await guarded.ask(signature, "x")).toBe("admitted");
    expect(await guarded.ask(signature, "x", "192.0.2.9")).toBe(INVALID);
    expect(guarded.warnings).toEqual([expect.stringMatching(/the same request has been received before\.$/)]);
    const { step } = guarded;
    guarded.step = guarded.create();
    guarded.step.inherit(step);
    expect(await guarded.ask(signature, "x")).toBe(INVALID);
    guarded.now += 1_000;
    expect(await guarded.send("x")).toBe("admitted");
  });

  test("is refused as long as its time is valid", async () => {
    const guarded = new Guarded();
    const signature = stripeSignature(SECRET, guarded.now / 1_000 + 300, "x");
    expect(await guarded.ask(signature, "x")).toBe("admitted");
    guarded.now += 600_000;
    expect(await guarded.ask(signature, "x")).toBe(INVALID);
    expect(guarded.warnings.at(-1)).toMatch(/received before/);
    guarded.now += 1;
    expect(await guarded.ask(signature, "x")).toBe(INVALID);
    expect(guarded.warnings.at(-1)).toMatch(/it was signed 300 seconds ago/);
  });
});

test("after 100 wrong signatures in a minute, an address gets 429, and valid ones do not count", async () => {
  const guarded = new Guarded();
  for (let n = 0; n < 200; n++) expect(await guarded.send(`${n}`)).toBe("admitted");
  for (let n = 0; n < 100; n++) expect(await guarded.send(`${n}`, "other")).toBe(INVALID);
  expect(await guarded.send("x")).toBe("429 PN_ACCESS_FAILURES");
  expect(guarded.limits).toHaveLength(300);
});

test.each(["X-Forwarded-For", "not a name"])("a signature cannot be in the header %s", (header) => {
  const hmac = { header, algorithm: "sha256", encoding: "hex", prefix: "" } as const;
  expect(() => new WebhookStep({ kind: "hmac", secrets: ["s"], hmac })).toThrow(RangeError);
});

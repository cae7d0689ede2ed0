import { describe, expect, test } from "vitest";
import { RECORDED, stripeSignature } from "./recorded-webhooks.suite.js";
import { SeenSignatures } from "./seen-signatures.js";
import { SignatureFault } from "./signature-fault.js";
import type { WebhookOptions } from "./webhook-options.js";
import { WebhookSignature } from "./webhook-signature.js";

/** `valid`, or the kind of the fault. */
function check(
  options: WebhookOptions,
  fields: Readonly<Record<string, string>>,
  body: Buffer | string,
  seconds: number,
): string {
  const signature = new WebhookSignature(options);
  const claim = signature.read((name) => fields[name] ?? "", seconds * 1_000);
  if (claim instanceof SignatureFault) return claim.kind;
  const digest = signature.verify(claim, Buffer.from(body));
  return digest instanceof SignatureFault ? digest.kind : "valid";
}

describe.each(Object.entries(RECORDED))("a webhook of %s", (_, { options, fields, body, time }) => {
  test("is valid as it was recorded", () => {
    expect(check(options, fields, body, time)).toBe("valid");
  });

  test("is not valid with any byte of its body changed, missing or added", () => {
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(check(options, fields, changed, time)).toBe("mismatch");
      expect(check(options, fields, bytes.subarray(0, at), time)).toBe("mismatch");
    }
    expect(check(options, fields, `${body}\n`, time)).toBe("mismatch");
  });

  test("is not valid with any byte of its fields changed or missing", () => {
    for (const [name, value] of Object.entries(fields)) {
      for (let at = 0; at < value.length; at++) {
        const changed = value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ 1) + value.slice(at + 1);
        expect(check(options, { ...fields, [name]: changed }, body, time), changed).not.toBe("valid");
        const cut = value.slice(0, at) + value.slice(at + 1);
        expect(check(options, { ...fields, [name]: cut }, body, time), cut).not.toBe("valid");
      }
      expect(check(options, { ...fields, [name]: "" }, body, time)).toBe("missing");
    }
  });

  test("is valid with any of several secrets, and with no other one", () => {
    const [secret] = options.secrets as [string];
    const other = options.kind === "standard-webhooks" ? "whsec_AAAA" : "other";
    expect(check({ ...options, secrets: [other, secret] }, fields, body, time)).toBe("valid");
    expect(check({ ...options, secrets: [other] }, fields, body, time)).toBe("mismatch");
  });

  test("is valid for 5 minutes, in both directions, if it has a time", () => {
    const hasTime = time > 0;
    for (const [seconds, expected] of [
      [300, "valid"],
      [301, "old"],
      [-300, "valid"],
      [-301, "early"],
    ] as const)
      expect(check(options, fields, body, time + seconds)).toBe(hasTime ? expected : "valid");
    expect(check({ ...options, window: 10_000 }, fields, body, time + 11)).toBe(hasTime ? "old" : "valid");
  });
});

describe("several signatures in one request", () => {
  const { options, fields, body, time } = RECORDED["standard webhooks"]!;
  const right = fields["webhook-signature"]!;
  const wrong = `v1,${Buffer.alloc(32).toString("base64")}`;

  test.each([
    [`${wrong} ${right}`, "valid"],
    [`${right} ${wrong}`, "valid"],
    [`v1a,abc ${right} v2,x`, "valid"],
    [`${wrong} ${wrong}`, "mismatch"],
    [right.replace("v1,", "v2,"), "malformed"],
    ["v1,", "malformed"],
    [`${`${wrong} `.repeat(16)}${right}`, "mismatch"],
  ])("%s", (value, expected) => {
    expect(check(options, { ...fields, "webhook-signature": value }, body, time)).toBe(expected);
  });

  test("of Stripe, during a change of the secret", () => {
    const [old, current] = [stripeSignature("old", 1_000, "x"), stripeSignature("new", 1_000, "x")];
    const both = `${old},${current.split(",")[1]},v0=abc`;
    for (const secret of ["old", "new"])
      expect(check({ kind: "stripe", secrets: [secret] }, { "stripe-signature": both }, "x", 1_000)).toBe("valid");
    const twoTimes = `t=1000,${current}`;
    expect(check({ kind: "stripe", secrets: ["new"] }, { "stripe-signature": twoTimes }, "x", 1_000)).toBe("malformed");
  });
});

test("no other id, time and body have the signature of a webhook", () => {
  const { options, fields, time } = RECORDED["standard webhooks"]!;
  const shifted = { ...fields, "webhook-id": `${fields["webhook-id"]}.${time}` };
  expect(check(options, shifted, '{"test": 2432232314}', time)).toBe("malformed");
});

test.each(["1e3", " 1000", "-1", "1000.5", "99999999999999999999", "NaN", "0x3e8"])("%j is not a time", (time) => {
  const fields = { ...RECORDED["slack"]!.fields, "x-slack-request-timestamp": time };
  expect(check(RECORDED["slack"]!.options, fields, "", 1_000)).toBe("malformed");
});

test.each<[string, WebhookOptions]>([
  ["no secret", { kind: "github", secrets: [] }],
  ["an empty secret", { kind: "github", secrets: ["canary", ""] }],
  ["too many secrets", { kind: "github", secrets: Array.from({ length: 9 }, () => "canary") }],
  ["a secret that is not base64", { kind: "standard-webhooks", secrets: ["whsec_canary!"] }],
  ["no header", { kind: "hmac", secrets: ["canary"] }],
])("options with %s are refused, without the secret", (_, options) => {
  const create = (): unknown => new WebhookSignature(options);
  expect(create).toThrow(RangeError);
  expect(create).not.toThrow(/canary/);
});

describe("signatures that have been used", () => {
  test("are known until they are too old anyway", () => {
    const seen = new SeenSignatures();
    expect([seen.use("a", 10, 0), seen.use("a", 10, 10), seen.use("b", 12, 10)]).toEqual([true, false, true]);
    expect([seen.use("c", 20, 11), seen.size]).toEqual([true, 2]);
  });

  test("are bounded: the first are forgotten", () => {
    const seen = new SeenSignatures();
    for (let n = 0; n <= 10_000; n++) seen.use(String(n), 10, 0);
    expect(seen.size).toBe(10_000);
    expect([seen.use("10000", 10, 0), seen.use("0", 10, 0)]).toEqual([false, true]);
  });
});

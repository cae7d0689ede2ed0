import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { KEY_LIMITS, PublishedKeys } from "./published-keys.js";

const jwk = (kid?: string): object => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  ...(kid === undefined ? {} : { kid }),
});

/** An issuer with scripted keys, and a clock. */
class Issuer {
  keys: unknown = [jwk("a")];
  text: string | undefined;
  asked = 0;
  now = 0;
  readonly published = new PublishedKeys(
    async () => {
      this.asked++;
      if (this.text === "") throw new Error("unreachable");
      return this.text ?? JSON.stringify({ keys: this.keys });
    },
    () => this.now,
  );

  async finds(kid?: string): Promise<boolean | string> {
    return this.published.find(kid).then(
      (key) => key !== undefined,
      (error: { kind: string }) => error.kind,
    );
  }
}

test("keys are fetched once and used for a while", async () => {
  const issuer = new Issuer();
  expect(await Promise.all([issuer.finds("a"), issuer.finds("a")])).toEqual([true, true]);
  expect(await issuer.finds()).toBe(true);
  issuer.now = KEY_LIMITS.fresh;
  expect([await issuer.finds("a"), issuer.asked]).toEqual([true, 1]);
});

test("a new key is found, but unknown key names cause at most one fetch per KEY_LIMITS.pause", async () => {
  const issuer = new Issuer();
  expect(await issuer.finds("a")).toBe(true);
  issuer.keys = [jwk("b"), jwk()];
  expect([await issuer.finds("b"), issuer.asked]).toEqual(["unavailable", 1]);
  issuer.now = KEY_LIMITS.pause;
  expect([await issuer.finds("b"), issuer.asked]).toEqual([true, 2]);
  // A token without kid cannot select one of several keys, and withdrawn keys are no longer used.
  expect(await issuer.finds()).toBe("unavailable");
  issuer.now *= 2;
  expect([await issuer.finds("a"), await issuer.finds("b")]).toEqual([false, true]);
});

test("while the issuer is unreachable, keys are used for a limited time", async () => {
  const issuer = new Issuer();
  await issuer.finds("a");
  issuer.text = "";
  issuer.now = KEY_LIMITS.fresh + 1;
  expect([await issuer.finds("a"), issuer.asked]).toEqual([true, 2]);
  issuer.now = KEY_LIMITS.stale + 1;
  expect(await issuer.finds("a")).toBe("unavailable");
  issuer.text = undefined;
  issuer.now += KEY_LIMITS.pause;
  expect(await issuer.finds("a")).toBe(true);
});

test.for(["{", "[]", "null", '{"keys":{}}', '{"keys":[]}', '{"keys":[null,1,{"kty":"oct","k":"AAAA","kid":"a"}]}'])(
  "%s is not a set of keys",
  async (text) => {
    const issuer = new Issuer();
    issuer.text = text;
    expect(await issuer.finds("a")).toBe("unavailable");
  },
);

test("more keys than the limit are refused", async () => {
  const issuer = new Issuer();
  issuer.keys = Array(KEY_LIMITS.keys + 1).fill(jwk("a"));
  expect(await issuer.finds("a")).toBe("unavailable");
});

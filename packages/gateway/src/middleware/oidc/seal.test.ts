import { expect, test } from "vitest";
import { Seal } from "./seal.js";

const seal = new Seal("secret");
const NOW = 1_000_000;

test("a sealed text has its value until its time is over", () => {
  const text = seal.seal("session", { name: "ann" }, NOW + 1);
  expect(seal.open("session", text, NOW)).toEqual({ value: { name: "ann" }, until: NOW + 1 });
  expect(seal.open("session", text, NOW + 1)).toBeUndefined();
  expect(text).not.toContain("ann");
});

test("a text is valid for one purpose and one secret, also in another process", () => {
  const text = seal.seal("pending", {}, NOW + 1);
  expect(seal.open("session", text, NOW)).toBeUndefined();
  expect(new Seal("other").open("pending", text, NOW)).toBeUndefined();
  expect(new Seal("secret").open("pending", text, NOW)).toBeDefined();
});

test("two texts of one value differ", () => {
  expect(seal.seal("login", {}, NOW)).not.toBe(seal.seal("login", {}, NOW));
});

test("a changed text is not valid, whichever of its letters was changed", () => {
  const text = seal.seal("session", { name: "ann" }, NOW + 1);
  for (let n = 0; n < text.length; n++) {
    const changed = `${text.slice(0, n)}${text[n] === "A" ? "B" : "A"}${text.slice(n + 1)}`;
    expect(seal.open("session", changed, NOW), String(n)).toBeUndefined();
  }
});

test.for(["", "A", "A".repeat(63), "A".repeat(64), "a=b", "ä", `${"A".repeat(64)}=`, "A".repeat(5_000)])(
  "%j is no sealed text",
  (text) => {
    expect(seal.open("session", text, NOW)).toBeUndefined();
  },
);

test("a text that is cut or extended is not valid", () => {
  const text = seal.seal("session", {}, NOW + 1);
  for (const changed of [text.slice(0, -1), text.slice(0, -4), `${text}A`, `${text}AAAA`, `${text}\n`])
    expect(seal.open("session", changed, NOW)).toBeUndefined();
});

import { expect, test } from "vitest";
import { BodyChanges, RULE_LIMITS } from "./body-changes.js";
import { bodyType } from "./body-type.js";
import { literal, regex } from "./transformed-visits.suite.js";

const changes = (...replace: readonly ReturnType<typeof literal>[]): BodyChanges =>
  new BodyChanges({ replace, add: {}, remove: [] });

test("rules have limits", () => {
  const { find, replace, rules } = RULE_LIMITS;
  const most = literal("f".repeat(find), "r".repeat(replace));
  expect(() => changes(...Array.from({ length: rules }, () => most))).not.toThrow();
  expect(() => changes(...Array.from({ length: rules + 1 }, () => most))).toThrow(RangeError);
  expect(() => changes(literal("ä".repeat(find / 2 + 1), ""))).toThrow(/longer than 4096 bytes/);
  expect(() => changes(literal("a", "ä".repeat(replace / 2 + 1)))).toThrow(/longer than 65536 bytes/);
  expect(() => changes(literal("", "a"))).toThrow(RangeError);
});

test("a regular expression that is not accepted is named", () => {
  expect(() => changes(regex("(a+)+", ""))).toThrow(/^The regular expression "\(a\+\)\+" contains a group/);
  expect(() => changes(literal("(a+)+", ""))).not.toThrow();
});

test("changes concern the types that they can change", () => {
  const [text, json] = [changes(literal("a", "b")), new BodyChanges({ replace: [], add: {}, remove: ["a"] })];
  const concerned = (type: string): string =>
    [text.concern(bodyType(type)) && "text", json.concern(bodyType(type)) && "json"].filter(Boolean).join();
  expect(
    ["text/css", "application/ld+json; a=b", "application/jsonl", "application/pdf", "", "texts/x"].map(concerned),
  ).toEqual(["text", "text,json", "text,json", "", "", ""]);
  expect(changes().isEmpty).toBe(true);
});

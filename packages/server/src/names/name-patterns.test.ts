import { expect, test } from "vitest";
import { NamePatterns } from "./name-patterns.js";

test("single names and prefixes are allowed, and nothing else", () => {
  const names = NamePatterns.parse(["web", "Team-*"])!;
  const allowed = ["web", "team-a", "team-", "webb", "we", "team", "xteam-a", ""].filter((name) => names.allow(name));
  expect(allowed).toEqual(["web", "team-a", "team-"]);
});

test("an empty list allows nothing, and * everything", () => {
  expect(NamePatterns.parse([])!.allow("a")).toBe(false);
  expect(NamePatterns.parse(["*"])!.allow("a")).toBe(true);
  expect(NamePatterns.any.allow("a")).toBe(true);
});

test.for([["web"], "web", [1], [""], ["*x"], ["a.b"], ["a**"], ["a\n"], { 0: "web" }, null, Array(1_001).fill("a")])(
  "%j: anything but a list of names is refused",
  (claim) => {
    const isList = JSON.stringify(claim) === '["web"]';
    expect(NamePatterns.parse(claim) !== undefined).toBe(isList);
  },
);

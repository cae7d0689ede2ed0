import { expect, test } from "vitest";
import { CodingChoice } from "./coding-choice.js";
import type { CodingName } from "./coding.js";

const ALL: readonly CodingName[] = ["gzip", "br", "zstd"];

test.for<[string, string]>([
  ["", ""],
  ["gzip, deflate, br, zstd", "zstd br gzip"],
  ["gzip", "gzip"],
  ["X-GZip", "gzip"],
  ["gzip;q=1.0, br;q=0.5, zstd;q=0.9", "gzip zstd br"],
  ["gzip;q=0, br", "br"],
  ["gzip;q=0.001", "gzip"],
  ["deflate", ""],
  // Clients that accept everything often know gzip alone.
  ["*", "gzip br zstd"],
  ["br, *", "br gzip zstd"],
  ["br;q=0.4, *;q=0.6", "gzip zstd br"],
  ["gzip;q=0, *", "br zstd"],
  ["*;q=0", ""],
  ["gzip, *;q=0", "gzip"],
  ["identity, gzip;q=0.5", ""],
  ["identity;q=0.5, gzip;q=0.8, br;q=0.2", "gzip"],
  ["gzip;q=2", ""],
  ["gzip deflate", ""],
  [", gzip ,", "gzip"],
])("%j chooses %j", ([value, expected]) => {
  expect(new CodingChoice(ALL).wishesOf(value).codings.join(" ")).toBe(expected);
});

test.for<[string, boolean]>([
  ["", false],
  ["gzip", false],
  ["gzip, identity;q=0", true],
  ["gzip, *;q=0", true],
  ["identity;q=0.1, *;q=0", false],
  ["identity, gzip;q=0", false],
])("%j refuses a body without a coding: %j", ([value, expected]) => {
  expect(new CodingChoice(ALL).wishesOf(value).refusesIdentity).toBe(expected);
});

test("only codings that the route offers are chosen", () => {
  expect(new CodingChoice(["gzip"]).wishesOf("zstd, br, gzip;q=0.1").codings).toEqual(["gzip"]);
  expect(new CodingChoice([]).wishesOf("gzip").codings).toEqual([]);
});

test("a million different values from a stranger are not kept", () => {
  const choice = new CodingChoice(ALL);
  for (let n = 0; n < 10_000; n++) expect(choice.wishesOf(`gzip, x${n}`).codings).toEqual(["gzip"]);
  expect(choice.kept).toBeLessThanOrEqual(64);
});

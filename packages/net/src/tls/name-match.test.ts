import { expect, test } from "vitest";
import { matchesName } from "./name-match.js";

test.for([
  ["a.example.com", "a.example.com", true],
  ["*.example.com", "a.example.com", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", "b.a.example.com", false],
  ["*.example.com", ".example.com", false],
  ["a*.example.com", "ab.example.com", false],
  ["example.com", "a.example.com", false],
] as const)("%s for %s: %s", ([pattern, name, matches]) => expect(matchesName(pattern, name)).toBe(matches));

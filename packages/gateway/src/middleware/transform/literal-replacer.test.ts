import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GROWTH_LIMITS, TransformFault } from "./body-edit.js";
import { bytes, cuts, edited, pieces } from "./edited-pieces.suite.js";
import { LiteralReplacer } from "./literal-replacer.js";
import { Scratch } from "./scratch.js";

const replacer = (find: string, replace: string): LiteralReplacer =>
  new LiteralReplacer(Buffer.from(find), Buffer.from(replace), new Scratch());

/** The same, naively. */
const twin = (body: string, find: string, replace: string): string => body.split(find).join(replace);

/** Texts of two letters: finds occur often, overlap, and begin at the end of pieces. */
const letters = (most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: most });

describe("a literal replacement", () => {
  test.each([
    ["of a text that occurs several times", "the cat, the dog", "the", "a", "a cat, a dog"],
    ["by nothing", "secret-1 secret-2", "secret", "", "-1 -2"],
    ["by a text that contains it", "a a", "a", "aa", "aa aa"],
    ["of overlapping occurrences: the first one counts", "ababa", "aba", "x", "xba"],
    ["of a beginning that occurs in it", "aaab", "aab", "x", "ax"],
    ["of no occurrence", "nothing", "else", "x", "nothing"],
    ["of characters with several bytes", "für Grüße", "ü", "ue", "fuer Grueße"],
  ])("%s, wherever the body is cut", (_, body, find, replace, result) => {
    const all = Buffer.from(body);
    for (let cut = 0; cut <= all.length; cut++) {
      const given = [all.subarray(0, cut), all.subarray(cut)];
      expect(edited(replacer(find, replace), given).toString(), `cut at ${cut}`).toBe(result);
    }
    expect(edited(replacer(find, replace), bytes(all)).toString()).toBe(result);
  });

  test("is that of the twin", () => {
    fc.assert(
      fc.property(letters(200), letters(6), letters(4), cuts, (body, find, replace, shares) => {
        const result = edited(replacer(find, replace), pieces(Buffer.from(body), shares));
        expect(result.toString()).toBe(twin(body, find, replace));
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps only what may be the beginning of an occurrence", () => {
    fc.assert(
      fc.property(letters(100), letters(6), (body, find) => {
        const edit = replacer(find, "");
        let [seen, passed] = ["", ""];
        for (const piece of bytes(Buffer.from(body))) {
          seen += piece.toString();
          passed += edit.write(piece, Infinity).toString();
          const kept = twin(seen, find, "").slice(passed.length);
          expect(find.startsWith(kept)).toBe(true);
          expect(kept.length).toBeLessThan(find.length);
        }
      }),
      { numRuns: 500 },
    );
    const edit = replacer("event", "x");
    expect(edit.write(Buffer.from("data: eve"), Infinity).toString()).toBe("data: ");
    expect(edit.write(Buffer.from("ning\n\n"), Infinity).toString()).toBe("evening\n\n");
  });

  test("does not let a body grow without a limit", () => {
    const edit = replacer("a", "b".repeat(1_000));
    expect(() => edit.write(Buffer.alloc(10_000, "a"), GROWTH_LIMITS.extra)).toThrow(TransformFault);
  });
});

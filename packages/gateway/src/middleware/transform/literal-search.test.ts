import fc from "fast-check";
import { expect, test } from "vitest";
import { LiteralSearch } from "./literal-search.js";

/** The same, naively. */
function twin(input: string, find: string, start: number): number[] {
  const found: number[] = [];
  for (let at = input.indexOf(find, start); at >= 0; at = input.indexOf(find, at + find.length)) found.push(at);
  return found;
}

/** Texts in which parts of what is to be found are frequent, and others in which they are rare. */
const texts = (letters: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(letters)), minLength: 1, maxLength });

test.each(["ab", "ex.", "e eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeex", "\u0000e"])(
  "the search is that of the twin in texts of %j",
  (letters) => {
    fc.assert(
      fc.property(texts(letters, 3_000), texts(letters, 5), fc.nat(50), (input, find, start) => {
        const bytes = Buffer.from(input, "latin1");
        const from = Math.min(start, bytes.length);
        expect(new LiteralSearch(Buffer.from(find, "latin1")).all(bytes, from)).toEqual(twin(input, find, from));
      }),
      { numRuns: 500 },
    );
  },
);

test("an occurrence is found wherever it is, also where its rarest byte is frequent", () => {
  const search = new LiteralSearch(Buffer.from("next.js"));
  for (const filler of ["x", "e", "next.j", "j"]) {
    const input = `${filler.repeat(5_000)}next.js${filler.repeat(5_000)}next.js`;
    expect(search.all(Buffer.from(input), 0)).toEqual(twin(input, "next.js", 0));
  }
});

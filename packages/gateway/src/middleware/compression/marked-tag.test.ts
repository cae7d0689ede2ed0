import fc from "fast-check";
import { expect, test } from "vitest";
import type { CodingName } from "./coding.js";
import { markedTag, unmarkedTags } from "./marked-tag.js";

const ALL: readonly CodingName[] = ["zstd", "br", "gzip"];

test.for<[string, string | undefined]>([
  ['"abc"', 'W/"abc.postern-gzip"'],
  ['""', 'W/".postern-gzip"'],
  // A weak tag is that of all codings.
  ['W/"abc"', 'W/"abc"'],
  ["abc", undefined],
  ['"a"b"', undefined],
  ['"a", "b"', undefined],
  ['w/"abc"', undefined],
])("the tag %j of a response in gzip becomes %j", ([etag, expected]) => {
  expect(markedTag(etag, "gzip")).toBe(expected);
});

test("marks are undone, also among other tags", () => {
  const { list, codings } = unmarkedTags('"x", W/"abc.postern-gzip", W/"y" ,W/"def.postern-br"', ALL)!;
  expect(list).toBe('"x", "abc", W/"y", "def"');
  expect([...codings]).toEqual([
    ['"abc"', "gzip"],
    ['"def"', "br"],
  ]);
});

test("of several marks of one tag, the best coding counts, and the target gets the tag once", () => {
  const { list, codings } = unmarkedTags('W/"a.postern-gzip", W/"a.postern-zstd", W/"a.postern-br"', ALL)!;
  expect([list, codings.get('"a"')]).toEqual(['"a"', "zstd"]);
});

test("marks of codings that the visitor does not accept stay, and match nothing", () => {
  expect(unmarkedTags('W/"a.postern-br"', ["gzip"])).toBeUndefined();
  expect(unmarkedTags('W/"a.postern-br", W/"a.postern-gzip"', ["gzip"])?.list).toBe('W/"a.postern-br", "a"');
});

test.for(['"abc"', "*", "", 'W/"a.postern-gzip', 'W/"a.postern-lz4"', '"a.postern-gzip"', "W/a.postern-gzip"])(
  "%j stays as it is",
  (list) => {
    expect(unmarkedTags(list, ALL)).toBeUndefined();
  },
);

test("whatever a tag is, undoing its mark gives the tag", () => {
  const tag = fc.stringMatching(/^[\x21\x23-\x7e]*$/).map((text) => `"${text}"`);
  fc.assert(
    fc.property(tag, fc.constantFrom(...ALL), (etag, coding) => {
      const marked = markedTag(etag, coding)!;
      const { list, codings } = unmarkedTags(marked, ALL)!;
      expect(list).toBe(etag);
      expect([...codings]).toEqual([[etag, coding]]);
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TransformFault } from "./body-edit.js";
import { bytes, cuts, edited, pieces } from "./edited-pieces.suite.js";
import { JsonChanges, type JsonChangeOptions } from "./json-changes.js";
import { JsonEditor, MOST_JSON_SPACE } from "./json-editor.js";
import { JSON_DEPTH } from "./json-scanner.js";
import { changedText, jsonTexts, textOf } from "./json-texts.suite.js";

const editor = ({ add = {}, remove = [] }: Partial<JsonChangeOptions>, isSequence = false): JsonEditor =>
  new JsonEditor(new JsonChanges({ add, remove }), isSequence);

const edit = (text: string, changes: Partial<JsonChangeOptions>, isSequence = false): string =>
  edited(editor(changes, isSequence), [Buffer.from(text)]).toString();

/** Changes to some of the names that the texts have. */
const someChanges = fc.record({
  add: fc.dictionary(fc.constantFrom("a", "käse", "new"), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }),
  remove: fc.subarray(["a", "b", "secret", "😀", "", "seven\\", "absent"]),
});

const fails = (text: string | Buffer, changes: Partial<JsonChangeOptions> = { remove: ["a"] }): boolean => {
  try {
    edited(editor(changes), [Buffer.from(text)]);
    return false;
  } catch (error) {
    if (error instanceof TransformFault) return true;
    throw error;
  }
};

describe("removal", () => {
  test.each([
    ['{"a":1,"b":2}', '{"b":2}'],
    ['{"b":2,"a":1}', '{"b":2}'],
    ['{"b":2,"a":1,"c":3}', '{"b":2,"c":3}'],
    ['{"a":1}', "{}"],
    ['{"a":1,"a":2}', "{}"],
    ['{ "a" : 1 , "b" : 2 }', '{  "b" : 2 }'],
    ['{\n  "b": 2,\n  "a": 1\n}', '{\n  "b": 2\n}'],
    ['{\n  "a": 1,\n  "b": 2\n}', '{\n  "b": 2\n}'],
    ['[{"a":{"b":[1,"}",{"a":2}]},"c":[{"a":3,"d":[]}]},"a"]', '[{"c":[{"d":[]}]},"a"]'],
    ['{"x":{"y":{"a":1,"z":{"a":[]}}}}', '{"x":{"y":{"z":{}}}}'],
    ['{"\\u0061":1,"b":{"\\u0061":2}}', '{"b":{}}'],
    ['"a"', '"a"'],
    ["[]", "[]"],
    ['{"ab":1,"A":2}', '{"ab":1,"A":2}'],
    ['{"a":12345678901234567890.10,"n":12345678901234567890.10}', '{"n":12345678901234567890.10}'],
  ])("makes of %s %s, wherever it is cut", (text, result) => {
    const all = Buffer.from(text);
    for (let cut = 0; cut <= all.length; cut++) {
      const given = [all.subarray(0, cut), all.subarray(cut)];
      expect(edited(editor({ remove: ["a"] }), given).toString(), `cut at ${cut}`).toBe(result);
    }
    expect(edited(editor({ remove: ["a"] }), bytes(all)).toString()).toBe(result);
  });
});

describe("addition", () => {
  test.each([
    ["{}", '{"a":1}'],
    ["{ }", '{"a":1 }'],
    ['{"b":2}', '{"b":2,"a":1}'],
    ['{\n  "b": 2\n}\n', '{\n  "b": 2,"a":1\n}\n'],
    ['{"a":"old","b":2}', '{"a":1,"b":2}'],
    ['{"b":2,"\\u0061" : {"a":[]}}', '{"b":2,"\\u0061" : 1}'],
    ['{"a":0,"b":2,"a":3}', '{"a":1,"b":2}'],
    ['{"b":{"a":2}}', '{"b":{"a":2},"a":1}'],
    ['[{"b":2}]', '[{"b":2}]'],
    ["12", "12"],
    ['"text"', '"text"'],
  ])("makes of %s %s, wherever it is cut", (text, result) => {
    const all = Buffer.from(text);
    for (let cut = 0; cut <= all.length; cut++) {
      const given = [all.subarray(0, cut), all.subarray(cut)];
      expect(edited(editor({ add: { a: 1 } }), given).toString(), `cut at ${cut}`).toBe(result);
    }
  });

  test("comes after removal", () => {
    expect(edit('{"a":{"a":2},"b":{"a":3}}', { add: { a: 1 }, remove: ["a"] })).toBe('{"a":1,"b":{}}');
    expect(edit('{"x":1}', { add: { a: { n: null }, 'q"': "ü" }, remove: ["x"] })).toBe('{"a":{"n":null},"q\\"":"ü"}');
  });

  test("happens in each text of a sequence", () => {
    expect(edit('{"a":2}\n{"b":3}\n[]\n1 2\n', { add: { a: 1 } }, true)).toBe('{"a":1}\n{"b":3,"a":1}\n[]\n1 2\n');
  });
});

describe("the editor", () => {
  test("makes of every text what the twin makes of it, in any pieces", () => {
    fc.assert(
      fc.property(jsonTexts, someChanges, cuts, (text, changes, shares) => {
        const body = Buffer.from(textOf(text));
        const expected = changedText(text, changes.add, changes.remove);
        expect(edited(editor(changes), pieces(body, shares)).toString()).toBe(expected);
        JSON.parse(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test("makes the same of a text byte by byte", () => {
    fc.assert(
      fc.property(jsonTexts, someChanges, (text, changes) => {
        const expected = changedText(text, changes.add, changes.remove);
        expect(edited(editor(changes), bytes(Buffer.from(textOf(text)))).toString()).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("passes a text without these members byte for byte", () => {
    fc.assert(
      fc.property(jsonTexts, cuts, (text, shares) => {
        const body = Buffer.from(textOf(text));
        expect(edited(editor({ remove: ["absent"] }), pieces(body, shares)).equals(body)).toBe(true);
      }),
    );
  });

  test("accepts exactly what JSON.parse accepts", () => {
    const letters = fc.constantFrom(...Array.from('{}[]:,"\\ \n\t01-.eE+tfnu/\u0001\u007fxa'));
    const mistakes = fc.array(
      fc.record({
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        cut: fc.nat({ max: 2 }),
        put: fc.string({ unit: letters, maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const agrees = (text: string): void => {
      let isValid = true;
      try {
        JSON.parse(text);
      } catch {
        isValid = text.trim() === "";
      }
      expect(fails(text), text).toBe(!isValid);
    };
    for (const text of [
      "1",
      "01",
      "-",
      "-0.0e-0",
      "1.",
      ".1",
      "1e",
      "tru",
      "nullx",
      '"\\x"',
      '"\\u12g4"',
      '"\\u12',
      "[1,]",
      '{"a":1,}',
      "{a:1}",
      "{1:1}",
      '{"a" 1}',
      "[1 2]",
      "{}{}",
      "]",
      "",
      " ",
      '{"a":',
      '"\t"',
      "\ufeff",
    ])
      if (!text.startsWith("\ufeff")) agrees(text);
    fc.assert(
      fc.property(jsonTexts, mistakes, (text, list) => {
        let given = textOf(text);
        for (const { share, cut, put } of list) {
          const at = Math.floor(share * given.length);
          given = given.slice(0, at) + put + given.slice(at + cut);
        }
        agrees(given);
      }),
      { numRuns: 3_000 },
    );
  });

  test("accepts a byte order mark", () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf]);
    const all = Buffer.concat([mark, Buffer.from('{"a":1}')]);
    for (const given of [[all], bytes(all)])
      expect(edited(editor({ remove: ["a"] }), given)).toEqual(Buffer.concat([mark, Buffer.from("{}")]));
    expect(fails(Buffer.concat([mark.subarray(0, 2), Buffer.from("{}")]))).toBe(true);
    expect(fails(Buffer.concat([Buffer.from("{}"), mark]))).toBe(true);
  });

  test("edits a text of 10 MB, whose pieces it passes on at once", () => {
    const record = (n: number): string => `{"id":1${n}2345678901234567890,"secret":{"a":["x\\"y",{}]},"text":"Grüße"}`;
    const rest = (n: number): string => `{"id":1${n}2345678901234567890,"text":"Grüße"}`;
    const count = 140_000;
    const body = Buffer.from(`[${Array.from({ length: count }, (_, n) => record(n)).join(",")}]`);
    expect(body.length).toBeGreaterThan(10_000_000);
    const edit = editor({ remove: ["secret"] });
    const changed: Buffer[] = [];
    let passed = 0;
    for (let at = 0; at < body.length; at += 65_536) {
      changed.push(edit.write(body.subarray(at, at + 65_536), Infinity));
      passed += changed.at(-1)!.length;
      expect(passed).toBeGreaterThan((at * rest(0).length) / record(0).length / 2);
    }
    changed.push(edit.end());
    const expected = `[${Array.from({ length: count }, (_, n) => rest(n)).join(",")}]`;
    expect(Buffer.concat(changed).equals(Buffer.from(expected))).toBe(true);
  });

  test("reads as many levels as it says, and no more", () => {
    const nested = (levels: number): string => '{"x":['.repeat(levels / 2) + '{"a":1}' + "]}".repeat(levels / 2);
    const deep = nested(JSON_DEPTH - 2);
    expect(edit(deep, { remove: ["a"] })).toBe(deep.replace('"a":1', ""));
    expect(fails(nested(JSON_DEPTH))).toBe(true);
    expect(fails("[".repeat(1_000_000))).toBe(true);
  });

  test("passes long names and values on without keeping them", () => {
    const long = "n".repeat(1_000_000);
    const text = `{"${long}":"${long}","a":"${long}"}`;
    const given = pieces(Buffer.from(text), [0.1, 0.2, 0.3, 0.6, 0.7, 0.8]);
    const edit = editor({ remove: ["a"] });
    expect(edit.write(given[0]!, Infinity).length).toBe(given[0]!.length);
    expect(Buffer.concat([...given.slice(1).map((piece) => edit.write(piece, Infinity)), edit.end()]).toString()).toBe(
      `{"${long}":"${long}"}`.slice(given[0]!.length),
    );
  });

  test("refuses white space without end between members", () => {
    const spaced = (length: number): Buffer[] => [
      Buffer.from('{"b":1'),
      Buffer.alloc(length, " "),
      Buffer.from(',"a":1}'),
    ];
    expect(edited(editor({ remove: ["a"] }), spaced(MOST_JSON_SPACE)).length).toBe('{"b":1}'.length);
    expect(() => edited(editor({ remove: ["a"] }), spaced(MOST_JSON_SPACE + 1_000))).toThrow(TransformFault);
  });

  test("does not let a sequence grow without a limit", () => {
    const edit = editor({ add: { a: "x".repeat(1_000) } }, true);
    expect(() => edit.write(Buffer.from("{}\n".repeat(1_000)), 500_000)).toThrow(TransformFault);
  });
});

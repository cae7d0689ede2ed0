import { describe, expect, test } from "vitest";
import { parseApiKeys, parseClientKey } from "./api-keys.js";

const A = "aaaaaaaaaaaaaaaa";
const B = "bbbbbbbbbbbbbbbb";
const SECRETS = /a{4}|b{4}|c{4}/;

function refusal(text: string): { code: unknown; message: string } {
  try {
    parseApiKeys(text, "keys");
  } catch (error) {
    return error as { code: unknown; message: string };
  }
  throw new Error("it was accepted");
}

describe("a server's keys", () => {
  test("each line has a name and a key; comments and empty lines are skipped", () => {
    const text = `# laptops\r\nann ${A}  # the old one\n\n\tben.b@home   ${B}\n`;
    expect(parseApiKeys(text, "keys")).toEqual([
      { owner: "ann", key: A },
      { owner: "ben.b@home", key: B },
    ]);
  });

  test("a key without a name has an owner that depends on the key only", () => {
    const [first] = parseApiKeys(A, "keys");
    const [, moved] = parseApiKeys(`${B}\n${A}`, "keys");
    expect(first).toEqual(moved);
    expect(first?.owner).toMatch(/^key-[0-9a-f]{8}$/);
    expect(parseApiKeys(B, "keys")[0]?.owner).not.toBe(first?.owner);
  });

  test("an owner can have several keys, for rotation", () => {
    expect(parseApiKeys(`ann ${A}\nann ${B}`, "keys").map(({ owner }) => owner)).toEqual(["ann", "ann"]);
  });

  test.for([
    ["ann aaaaaaaaaaaaaaa", "PN_KEY_INVALID", "keys, line 1: the key has 15 characters"],
    ["\nann too many words", "PN_KEY_INVALID", "keys, line 2: more than two words"],
    [`an/n ${A}`, "PN_KEY_INVALID", "keys, line 1: the name must be"],
    [`ann ${"c".repeat(257)}`, "PN_KEY_INVALID", "257 characters"],
    [`ann ${A}é`, "PN_KEY_INVALID", "other than printable ASCII"],
    [`ann ${A}\n\nben ${A}`, "PN_KEY_AMBIGUOUS", "keys, line 3: duplicates the key in line 1"],
  ] as const)("%j is refused, with a message that contains no key", ([text, code, message]) => {
    const refused = refusal(text);
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
    expect(refused.message).not.toMatch(SECRETS);
  });
});

describe("a client's key", () => {
  test.for([A, `${A}\n`, `ann ${A}`, `# mine\n ${A} # really`])("%j contains one", (text) => {
    expect(parseClientKey(text, "my.key")).toBe(A);
  });

  test.for([
    ["", "PN_KEY_MISSING"],
    ["# nothing\n", "PN_KEY_MISSING"],
    [`${A}\n${B}`, "PN_KEY_AMBIGUOUS"],
    ["three words here", "PN_KEY_INVALID"],
    [`${A}\x00`, "PN_KEY_INVALID"],
  ] as const)("%j does not", ([text, code]) => {
    expect(() => parseClientKey(text, "my.key")).toThrow(expect.objectContaining({ code }));
  });
});

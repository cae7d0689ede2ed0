import { describe, expect, test } from "vitest";
import type { TransformFault } from "./body-edit.js";
import { changeText, type ThreadRule } from "./change-text.js";
import { REGEX_FLAGS } from "./regex-subset.js";
import { RegexThreads } from "./regex-threads.js";

const task = (body: Buffer | string, rules: readonly ThreadRule[], most = 1_000) => ({
  body: new Uint8Array(Buffer.from(body)),
  rules,
  flags: REGEX_FLAGS,
  most,
});
const regex = (find: string, replace: string): ThreadRule => ({ find, replace, isRegex: true });

describe("the rules of a text", () => {
  test.each([
    ["a-1 b-22", [regex("([a-z])-(\\d+)", "$2$1")], "1a 22b"],
    ["2026-11-28", [regex("(?<y>\\d+)-(?<m>\\d+)", "$<m>/$<y> $$ $&")], "11/2026 $ 2026-11-28"],
    ["a.c abc", [{ find: "a.c", replace: "$&", isRegex: false }], "$& abc"],
    ["aaa", [regex("a", "b"), { find: "bb", replace: "c", isRegex: false }], "cb"],
    ["\ufeffGrüße 😀!", [regex(".!$", "?")], "\ufeffGrüße ?"],
    ["x", [regex("y*", "-")], "-x-"],
  ])("of %j are applied in their order", (body, rules, result) => {
    const changed = changeText(task(body, rules));
    expect(typeof changed === "string" ? changed : Buffer.from(changed).toString()).toBe(result);
  });

  test("are not applied to what is not UTF-8, and may not make too much of it", () => {
    expect(changeText(task(Buffer.from([0x61, 0xff]), [regex("a", "b")]))).toBe("form");
    expect(changeText(task("aaaa", [regex("a", "b".repeat(300))]))).toBe("size");
    expect(changeText(task("a".repeat(100_000), [regex("a", "b".repeat(65_536))]))).toBe("size");
    expect(changeText(task("ä".repeat(500), [regex("x", "")], 600))).toBe("size");
  });
});

describe("a thread", () => {
  test("changes one text after the other", async () => {
    const threads = new RegexThreads(undefined, 60_000);
    const texts = ["one", "two", "three"].map((text) => threads.change(task(text, [regex("[aeiou]", "_")])));
    expect((await Promise.all(texts)).map(String)).toEqual(["_n_", "tw_", "thr__"]);
  });

  test("ends when an expression takes too long, and the next text gets another one", async () => {
    const threads = new RegexThreads(undefined, 200);
    // Quadratic: it would take hours.
    const slow = threads.change(task("a".repeat(1_000_000), [regex("a*b", "")], 10_000_000));
    await expect(slow).rejects.toMatchObject({ kind: "time" } satisfies Partial<TransformFault>);
    expect(String(await threads.change(task("abc", [regex("b", "")])))).toBe("ac");
  });

  test("takes no more texts than may wait", async () => {
    const threads = new RegexThreads(undefined, 60_000);
    const begun = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => threads.change(task(String(n), [regex("\\d", "x")]))),
    );
    const refused = begun.filter(({ status }) => status === "rejected");
    expect(refused).toHaveLength(6);
    for (const each of refused) expect(each).toMatchObject({ reason: { kind: "busy" } });
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { COOKIE_LIMITS, CookielessHead } from "./cookieless-head.js";

const LIMIT = 1_000;
const FIELDS = 8;

/** Reads `message` in pieces. Returns the kept head and what follows it, or the verdict. */
function read(message: string, cuts: number[] = []): { kept: string; rest: string } | number {
  const head = new CookielessHead({ bytes: LIMIT, fields: FIELDS });
  const bytes = Buffer.from(message, "latin1");
  const ends = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b);
  let at = 0;
  for (const end of [...ends, bytes.length]) {
    // Bytes before the position belong to something else.
    const piece = Buffer.concat([Buffer.from("\r\n\r\n"), bytes.subarray(at, end)]);
    const verdict = head.read(piece, 4);
    piece.fill(0xdb, 4);
    if (verdict < 0) return verdict;
    if (verdict > 0) return { kept: head.kept.toString("latin1"), rest: message.slice(at + verdict - 4) };
    at = end;
  }
  return 0;
}

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join("");

const BOMB = `Cookie: ${"a=1; ".repeat(10_000)}`;

test("Cookie lines are dropped, all others are kept as they came", () => {
  const kept = lines("GET / HTTP/1.1", "Host: a", "Cookies: 1", "Cook", "X: Cookie: 1", " Cookie: 1", "cookie : 2", "");
  const sent = kept.replace("X:", `${lines(BOMB, "COOKIE:", "cookie:a=1")}X:`);
  expect(read(`${sent}next`)).toEqual({ kept, rest: "next" });
});

test("the pieces make no difference", () => {
  const name = fc.constantFrom("Cookie:", "cookie: ", "Cookie", "cookie2:", "X: ", "c", "");
  const line = fc.tuple(name, fc.string({ unit: fc.constantFrom("a", ";", " ", ":"), maxLength: 12 }));
  const head = fc.array(
    line.map((parts) => parts.join("")),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(head, fc.array(fc.nat(400), { maxLength: 10 }), (more, cuts) => {
      const sent = ["GET / HTTP/1.1", ...more.filter((each) => each !== ""), ""];
      const kept = lines(...sent.filter((each) => !/^cookie:/i.test(each)));
      const message = `${lines(...sent)}rest`;
      expect(read(message, cuts)).toEqual({ kept, rest: "rest" });
      expect(
        read(
          message,
          Array.from(message, (_, n) => n),
        ),
      ).toEqual({ kept, rest: "rest" });
    }),
  );
});

test("blank lines before the request do not end it", () => {
  const kept = lines("", "", "GET / HTTP/1.1", "");
  expect(read(kept.replace("1.1\r\n", `1.1\r\n${lines(BOMB)}`))).toEqual({ kept, rest: "" });
});

test("a cookie that ends with a bare line feed hides nothing from the reader of the head", () => {
  for (const cuts of [[], [30], [31], [32]]) {
    const result = read(`${lines("GET / HTTP/1.1")}Cookie: a=1\nHost: b\r\n\r\n`, cuts);
    expect(result).toMatchObject({ kept: "GET / HTTP/1.1\r\n\nHost: b\r\n\r\n" });
  }
});

test("without cookies, a head has the usual limit; with them, another one", () => {
  const filler = "x".repeat(LIMIT - lines("GET / HTTP/1.1", "X: ", "").length);
  const full = lines("GET / HTTP/1.1", `X: ${filler}`, BOMB, "");
  expect(read(full)).toEqual({ kept: full.replace(`${BOMB}\r\n`, ""), rest: "" });
  expect(read(full.replace("X:", "XX:"))).toBe(-1);
  const most = COOKIE_LIMITS.head - lines("GET / HTTP/1.1", "Cookie: ", "").length;
  expect(read(lines("GET / HTTP/1.1", `Cookie: ${"x".repeat(most)}`, ""))).toMatchObject({ rest: "" });
  expect(read(lines("GET / HTTP/1.1", `Cookie: ${"x".repeat(most + 1)}`, ""))).toBe(-1);
});

test("more fields than the limit are refused at once", () => {
  const fields = Array.from({ length: FIELDS }, (_, n) => `F${n}: 1`);
  expect(read(lines("GET / HTTP/1.1", ...fields, BOMB, BOMB, ""))).toMatchObject({ rest: "" });
  expect(read(lines("GET / HTTP/1.1", ...fields, BOMB, "One-More:"))).toBe(-1);
});

test("a head that has not ended is awaited", () => {
  expect(read(lines("GET / HTTP/1.1", BOMB))).toBe(0);
});

import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptedResponses, refusedResponses, repairedResponses } from "../cases.suite.js";
import { flawedResponses, mutated, responses } from "../http/messages.suite.js";
import { RequestHead, ResponseHead } from "../http/index.js";
import { HeadRepair } from "./head-repair.js";
import { twinRepair } from "./repair-twin.suite.js";

const strict = new ResponseHead();
const repair = new HeadRepair();

/** The result of the repair, if the strict reader refuses the head; undefined: it accepts it, or waits. */
function repaired(text: string, method = "GET", offered = ""): number | undefined {
  const bytes = Buffer.from(text, "latin1");
  if (strict.read(bytes, 0, bytes.length, method, offered) >= 0) return undefined;
  return repair.read(bytes, strict.flaw);
}

describe("repaired", () => {
  test.each(repairedResponses)("$name", ({ response, method, offered, flaw, repairs, passed }) => {
    expect(repaired(response, method, offered)).toBe(response.length);
    expect(strict.flaw?.code).toBe(flaw);
    expect([...repair.repairs].sort()).toEqual([...repairs].sort());
    const { head } = repair;
    expect(strict.read(head, 0, head.length, method, offered)).toBe(head.length);
    expect(strict.write({ visitorMinor: 1, close: false }).toString("latin1")).toBe(passed);
  });

  test.each(repairedResponses)("$name, in pieces", ({ response, method, offered }) => {
    for (let end = 0; end < response.length; end++) {
      const length = repaired(response.slice(0, end), method, offered);
      expect(length ?? 0, JSON.stringify(response.slice(0, end))).toBe(0);
    }
    expect(repaired(`${response}HTTP/1.1 200 OK\n\n`, method, offered)).toBe(response.length);
  });
});

describe("not repaired", () => {
  test.each(refusedResponses)("$name", ({ response, offered }) => {
    const length = repaired(response, "GET", offered);
    const { head } = repair;
    // What is repaired first may hide another flaw, which the strict reader finds in the result.
    if (length !== -1) expect(strict.read(head, 0, head.length, "GET", offered)).toBe(-1);
  });

  test.each(acceptedResponses)("$name, which has no flaw", ({ response, method, offered }) => {
    expect(repaired(response, method, offered)).toBeUndefined();
  });
});

/** Ways to damage a head that mean nothing to a lenient reader. */
const DAMAGE: readonly ((head: string) => string)[] = [
  (head) => head.replaceAll("\r\n", "\n"),
  (head) => head.replace("\r\n", "\n"),
  (head) => head.replaceAll(/^([^ :\n]+):/gm, "$1 \t:"),
  (head) => head.replaceAll(/^([^ :\n]+: \S+) /gm, "$1\r\n\t "),
  (head) => head.replaceAll(/^(content-length: *)(\d+)$/gim, "$1$2, $2"),
  (head) => head.replace(/^(transfer-encoding: *chunked)$/im, "$1\r\nContent-Length: 7"),
];

/** What a visitor gets; undefined when the head is refused. */
function passed(text: string): string | undefined {
  const bytes = Buffer.from(text, "latin1");
  const length = strict.read(bytes, 0, bytes.length, "GET", "");
  if (length === 0 || (length < 0 && repair.read(bytes, strict.flaw) <= 0)) return undefined;
  const { head } = repair;
  if (length < 0 && strict.read(head, 0, head.length, "GET", "") < 0) return undefined;
  return strict.write({ visitorMinor: 1, close: false }).toString("latin1");
}

test("a damaged head means what it meant before", () => {
  fc.assert(
    fc.property(responses, fc.uniqueArray(fc.constantFrom(...DAMAGE), { minLength: 1 }), (text, damages) => {
      fc.pre(repaired(text) === undefined);
      const before = passed(text);
      const damaged = damages.reduce((head, damage) => damage(head), text);
      expect(passed(damaged)?.replaceAll(/[ \t]+/g, " ")).toBe(before?.replaceAll(/[ \t]+/g, " "));
    }),
    { numRuns: 1_000 },
  );
});

test("the twin agrees about heads with all kinds of flaws", () => {
  fc.assert(
    fc.property(fc.oneof(flawedResponses, mutated(flawedResponses), mutated(responses)), (text) => {
      const length = repaired(text);
      if (length === undefined) return;
      const twin = twinRepair(text);
      expect(length > 0, text).toBe(twin !== undefined);
      if (twin === undefined) return;
      const lines = repair.head.toString("latin1").split("\r\n");
      expect({ length, lines, repairs: [...repair.repairs].sort() }).toEqual(twin);
    }),
    { numRuns: 5_000 },
  );
});

describe("no request is repaired", () => {
  const request = new RequestHead();

  test.each(repairedResponses)("$name, in a request", ({ response }) => {
    const text = response.replace(/^[^\r\n]*/, "GET / HTTP/1.1").replace(/\r?\n/, "$&Host: a\r\n");
    const bytes = Buffer.from(text, "latin1");
    expect(request.read(bytes, 0, bytes.length)).toBe(-1);
  });

  test("by any code of the request's side, which does not import the repairs", () => {
    const source = resolve(import.meta.dirname, "..");
    const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
      /(?<!\.(?:test|suite))\.ts$/.test(file),
    );
    const users = files.filter((file) => /from "[^"]*\/repair\//.test(readFileSync(resolve(source, file), "utf8")));
    expect(files.length).toBeGreaterThan(50);
    expect(users.sort()).toEqual([
      "exchange/exchange-context.ts",
      "exchange/exchange.ts",
      "exchange/response-side.ts",
      "index.ts",
      "records/request-entry.ts",
      "route.ts",
    ]);
  });
});

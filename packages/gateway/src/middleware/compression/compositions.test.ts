import fc from "fast-check";
import { expect, test } from "vitest";
import { DoublingFilter } from "../../filters/scripted-filters.suite.js";
import { QuickStep } from "../chain/scripted-steps.suite.js";
import { chunk, CompressedVisit, decoded, eventually } from "./compressed-visits.suite.js";

const doubled = (text: string): string => Array.from(text, (letter) => letter + letter).join("");

/** A step whose responses pass a filter that doubles each byte. */
function doubling(isWhole: boolean): QuickStep {
  return new QuickStep((request) => {
    request.filter(new DoublingFilter({ isWhole }));
    return undefined;
  });
}

test("any body, in any pieces, through any filters, is complete, and every byte of the target is credited", async () => {
  const composition = fc.record({
    pieces: fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 5 }),
    filters: fc.array(fc.boolean(), { maxLength: 2 }),
    coding: fc.constantFrom("gzip", "br", "zstd", "identity"),
    isChunked: fc.boolean(),
    cuts: fc.array(fc.nat(120_000), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(composition, async ({ pieces, filters, coding, isChunked, cuts }) => {
      const compressed = new CompressedVisit({ threshold: 0 }, { before: filters.map((isWhole) => doubling(isWhole)) });
      const parts = pieces.map((length, n) => String.fromCharCode(97 + n).repeat(length));
      const body = isChunked ? `${parts.map((part) => chunk(part)).join("")}0\r\n\r\n` : parts.join("");
      const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
      const given = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${framing}\r\n\r\n${body}`;
      compressed.ask(`Accept-Encoding: ${coding}\r\n`);
      const { stream } = compressed.visit.upstream;
      let at = 0;
      for (const cut of [...cuts.toSorted((one, other) => one - other), given.length]) {
        const end = Math.min(cut, given.length);
        if (end > at) stream.arrive(Buffer.from(given.slice(at, end)));
        at = Math.max(at, end);
        await new Promise(setImmediate);
      }
      const got = await compressed.whole();
      expect(decoded(got)).toBe(filters.reduce((text) => doubled(text), parts.join("")));
      await eventually(() => compressed.visit.upstream.finished.length === 1);
      expect(stream.credited).toBe(given.length);
      expect([compressed.encoders.used, compressed.room.used, compressed.room.visitors]).toEqual([0, 0, 0]);
    }),
    { numRuns: 60 },
  );
});

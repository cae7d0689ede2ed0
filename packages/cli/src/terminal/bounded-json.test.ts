import fc from "fast-check";
import { expect, test } from "vitest";
import { boundedJson, MAX_JSON_LINE } from "./bounded-json.js";

test("a value that fits is unchanged", () => {
  const event = { time: "now", data: { path: "/a", status: 200 } };
  expect(boundedJson(event)).toBe(JSON.stringify(event));
});

test("a long string is shortened, short ones are kept", () => {
  const line = boundedJson({ type: "http_request", data: { method: "GET", path: "/".repeat(20_000) } });
  const { type, data } = JSON.parse(line) as { type: string; data: { method: string; path: string } };
  expect([type, data.method]).toEqual(["http_request", "GET"]);
  expect(data.path.length).toBeGreaterThan(1_000);
  expect(data.path.endsWith("…")).toBe(true);
});

test("any value becomes one valid line within the limit", () => {
  const text = fc.string({ unit: "binary", minLength: 0, maxLength: 20_000 });
  const event = fc.record({
    type: fc.string({ maxLength: 20 }),
    message: text,
    data: fc.oneof(fc.dictionary(text, text, { maxKeys: 5 }), fc.array(fc.integer(), { maxLength: 10_000 })),
  });
  fc.assert(
    fc.property(event, (value) => {
      const line = boundedJson(value);
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_JSON_LINE);
      expect(line).not.toContain("\n");
      expect(JSON.parse(line)).toBeTypeOf("object");
    }),
  );
});

import { expect, test } from "vitest";
import { MediaTypes, mediaType } from "./media-types.js";

const types = new MediaTypes(["text/*", "application/json", "application/*+json", "Image/SVG+xml"]);

test.for<[string, boolean]>([
  ["text/html", true],
  ["Text/HTML; charset=utf-8", true],
  [" text/css ;x", true],
  ["application/json", true],
  ["application/json5", false],
  ["application/problem+json;v=1", true],
  ["application/+json", false],
  ["image/svg+xml", true],
  ["image/png", false],
  ["texts/html", false],
  ["text/", false],
  ["text", false],
  ["", false],
  // Two fields, joined by a comma.
  ["text/html, image/png", false],
])("%j is in the list: %j", ([value, expected]) => {
  expect(types.includes(value)).toBe(expected);
});

test("*/* is every type", () => {
  const all = new MediaTypes(["*/*"]);
  expect(["a/b", "image/png; q=1", "", "x"].map((value) => all.includes(value))).toEqual([true, true, false, false]);
});

test("a type has no parameters and is in lower case", () => {
  expect(mediaType("Text/Event-Stream;charset=UTF-8")).toBe("text/event-stream");
});

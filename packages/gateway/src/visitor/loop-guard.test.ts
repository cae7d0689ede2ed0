import { expect, test } from "vitest";
import { LoopGuard } from "./loop-guard.js";

const guard = new LoopGuard("this");

test("a request may pass four times", () => {
  expect(guard.isLoop("")).toBe(false);
  expect(guard.isLoop("this, this, this")).toBe(false);
  expect(guard.isLoop("this, this, this, this")).toBe(true);
});

test.each([
  ["lines joined without a space", "this,this,this,this"],
  ["other gateways between", "a.example, this,\tb ,this , c:80 , this, this"],
  ["parameters", 'this; loops=1, this;a="b", this ;c, this'],
  ["more than four", "this,".repeat(1_000)],
])("counted: %s", (_, field) => {
  expect(guard.isLoop(field)).toBe(true);
});

test.each([
  ["ids that contain it", "this2, that-this, this.example, xthis, this-, THIS"],
  ["values of parameters", "a; x=this, b; y=this; z=this, c; w=this"],
  ["no element", "thisthisthisthis"],
])("not counted: %s", (_, field) => {
  expect(guard.isLoop(`${field}, this, this, this`)).toBe(false);
});

test("every gateway has an id of its own, which is a token", () => {
  const lines = [new LoopGuard().line, new LoopGuard().line];
  for (const line of lines) expect(line).toMatch(/^CDN-Loop: postern-[0-9a-f]{16}\r\n$/);
  expect(lines[0]).not.toBe(lines[1]);
});

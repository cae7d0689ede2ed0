import { STATUS_CODES } from "node:http";
import { expect, test } from "vitest";
import { refusals } from "./refusal.js";

test.each(Object.entries(refusals))("%s can be shown to people and obeyed by machines", (code, refusal) => {
  expect(refusal.code).toBe(code);
  expect(code).toMatch(/^PN_[A-Z0-9]+(?:_[A-Z0-9]+)*$/);
  // 308 is the one answer that leads elsewhere.
  expect(refusal.status === 308 || refusal.status >= 400).toBe(true);
  expect(STATUS_CODES[refusal.status]).toBeDefined();
  // What happened, and what to do: two sentences at least.
  expect(refusal.message).toMatch(/^[A-Z].*[.`a-z] [A-Z].*[.a-zA-Z0-9`]$/);
  expect(refusal.message.length).toBeLessThan(120);
});

test("who is asked to come back is told when", () => {
  for (const { status, retryAfter } of Object.values(refusals)) expect(retryAfter !== undefined).toBe(status === 503);
});

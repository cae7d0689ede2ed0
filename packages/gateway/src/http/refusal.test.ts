import { STATUS_CODES } from "node:http";
import { expect, test } from "vitest";
import { refusals } from "./refusal.js";

test.each(Object.entries(refusals))(
  "%s has a valid code and status, and a message that suggests what to do",
  (code, refusal) => {
    expect(refusal.code).toBe(code);
    expect(code).toMatch(/^PN_[A-Z0-9]+(?:_[A-Z0-9]+)*$/);
    // 308 is the only redirect.
    expect(refusal.status === 308 || refusal.status >= 400).toBe(true);
    expect(STATUS_CODES[refusal.status]).toBeDefined();
    // At least two sentences: what happened, and what to do.
    expect(refusal.message).toMatch(/^[A-Z].*[.`a-z] [A-Z].*[.a-zA-Z0-9`]$/);
    expect(refusal.message.length).toBeLessThan(120);
  },
);

test("exactly the responses with status 429 and 503 have Retry-After, unless nobody knows the time", () => {
  for (const { code, status, retryAfter } of Object.values(refusals))
    expect(retryAfter !== undefined).toBe((status === 429 || status === 503) && code !== "PN_TUNNEL_OFFLINE");
});

test("advice for the owner is not in the visitor's message", () => {
  const owners = Object.values(refusals).filter(({ advice }) => advice !== undefined);
  expect(owners.length).toBeGreaterThan(5);
  for (const { message, advice } of owners) {
    expect(advice).toMatch(/^[A-Z`].*\.$/);
    expect(message).not.toContain(advice);
    expect(message).not.toMatch(/\blogs?\b(?! in)|client|postern/);
  }
});

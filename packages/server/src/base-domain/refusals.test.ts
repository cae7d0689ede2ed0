import { expect, test } from "vitest";
import { baseDomainRefusals } from "./refusals.js";

/** The header field that a response with this status must have (RFC 9110, section 15.5). */
const REQUIRED: Readonly<Record<number, string>> = { 401: "WWW-Authenticate", 405: "Allow", 426: "Upgrade" };

const TUNNELS = "https://NAME.tunnel.example.com";
const all = Object.values(baseDomainRefusals(TUNNELS));

test.each(all)("the message of $code has two sentences: what happened and what to do", ({ message }) => {
  expect(message).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
  expect(message.length).toBeLessThan(130);
});

test.each(all)("$code has the fields that its status requires", ({ status, fields }) => {
  const required = REQUIRED[status];
  expect(Object.keys(fields ?? {})).toEqual(required === undefined ? [] : expect.arrayContaining([required]));
});

test("an unknown page names the address of the tunnels", () => {
  expect(baseDomainRefusals(TUNNELS).PN_PAGE_UNKNOWN.message).toContain(`\`${TUNNELS}\``);
});

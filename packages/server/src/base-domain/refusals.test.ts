import { expect, test } from "vitest";
import { frontDeskRefusals } from "./refusals.js";

/** Which field an answer of this status cannot do without (RFC 9110, section 15.5). */
const NEEDED: Readonly<Record<number, string>> = { 401: "WWW-Authenticate", 405: "Allow", 426: "Upgrade" };

const TUNNELS = "https://NAME.tunnel.example.com";
const all = Object.values(frontDeskRefusals(TUNNELS));

test.each(all)("$code says in a line or two what happened and what to do", ({ message }) => {
  expect(message).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
  expect(message.length).toBeLessThan(130);
});

test.each(all)("$code has the fields that its status calls for", ({ status, fields }) => {
  const needed = NEEDED[status];
  expect(Object.keys(fields ?? {})).toEqual(needed === undefined ? [] : expect.arrayContaining([needed]));
});

test("who looks for something on the server itself hears where its tunnels are", () => {
  expect(frontDeskRefusals(TUNNELS).PN_PAGE_UNKNOWN.message).toContain(`\`${TUNNELS}\``);
});

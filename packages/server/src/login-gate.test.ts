import { LOGIN_LIMITS } from "@postern/protocol";
import { expect, test } from "vitest";
import { LoginGate } from "./login-gate.js";

test("an address has so many connections before login and no more; others are not its business", () => {
  const gate = new LoginGate();
  for (let n = 0; n < LOGIN_LIMITS.perAddress; n++) expect(gate.enter("192.0.2.1")).toBe(true);
  expect(gate.enter("192.0.2.1")).toBe(false);
  expect(gate.enter("192.0.2.2")).toBe(true);
  gate.leave("192.0.2.1");
  expect(gate.enter("192.0.2.1")).toBe(true);
});

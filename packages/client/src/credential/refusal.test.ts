import { TunnelError, type Auth } from "@postern/protocol";
import { expect, test } from "vitest";
import { explainRefusal } from "./refusal.js";

test.for<[Auth["method"], string]>([
  ["api_key", "this API key"],
  ["token", "the token"],
  ["certificate", "this client certificate"],
])("a refused %s is named", ([method, name]) => {
  const { code, message } = explainRefusal(new TunnelError("PN_AUTH_REFUSED"), method);
  expect([code, message]).toEqual(["PN_AUTH_REFUSED", expect.stringContaining(name)]);
});

test("other errors, and refusals that name their reason, are unchanged", () => {
  for (const error of [new TunnelError("PN_NAME_TAKEN"), new TunnelError("PN_AUTH_REFUSED", "bad certificate")])
    expect(explainRefusal(error, "token")).toBe(error);
});

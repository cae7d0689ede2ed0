import { expect, test } from "vitest";
import { outcome, stepRequest } from "../step-requests.suite.js";
import { CredentialStep } from "./credential-step.js";

test("replaces the visitor's fields", () => {
  const request = stepRequest({});
  const step = new CredentialStep([
    { name: "Authorization", value: "Bearer a b" },
    { name: "X-Forwarded-User", value: "gateway" },
  ]);
  expect(outcome(step.check(request))).toBe("admitted");
  expect(request.edits).toEqual([
    {
      names: ["authorization", "x-forwarded-user"],
      lines: "Authorization: Bearer a b\r\nX-Forwarded-User: gateway\r\n",
    },
  ]);
});

test.each([
  ["a name that is none", "a b", "x", /not a header name/],
  ["Host, which the gateway writes", "Host", "x", /cannot be set for targets/],
  ["the framing of the body", "Transfer-Encoding", "x", /cannot be set for targets/],
  ["the visitor's address", "X-Forwarded-For", "x", /cannot be set for targets/],
  ["a lookalike of a field that the gateway writes", "X_Request_Id", "x", /cannot be set for targets/],
  ["a line break", "X-Key", "canary\r\nX: y", /characters that HTTP does not allow/],
  ["a character that Latin-1 lacks", "X-Key", "canary€", /characters that HTTP does not allow/],
  ["an empty value", "X-Key", "", /is empty/],
])("refuses %s, without showing the credential", (_, name, value, message) => {
  const create = (): CredentialStep => new CredentialStep([{ name, value }]);
  expect(create).toThrow(message);
  expect(create).not.toThrow(/canary/);
});

test("refuses two credentials in one header", () => {
  const fields = ["Authorization", "AUTHORIZATION"].map((name) => ({ name, value: "x" }));
  expect(() => new CredentialStep(fields)).toThrow(/Two credentials use the header authorization/);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { stepRequest } from "../step-requests.suite.js";
import type { StepRequest } from "../step.js";
import { HeaderStep, type HeaderOptions } from "./header-step.js";

function editsOf(options: HeaderOptions, request: Partial<StepRequest> = {}) {
  const seen = stepRequest(request);
  new HeaderStep(options).check(seen);
  return seen.edits[0]!;
}

test("headers are set in place of those of the same name, and others are removed", () => {
  expect(
    editsOf({
      request: { set: { "X-Gateway": "edge" }, remove: ["X-Debug"] },
      response: { set: { "X-Cache": "no" }, remove: ["Server"] },
    }),
  ).toEqual({
    names: ["x-gateway", "x-debug"],
    lines: "X-Gateway: edge\r\n",
    responseNames: ["x-cache", "server"],
    responseLines: "X-Cache: no\r\n",
  });
});

test("placeholders are parts of the request", () => {
  const set = { A: "{scheme}://{host}{path}?", B: "{method} {client_ip} {request_id}", C: "{user}", D: "{x" };
  const request = {
    method: "PUT",
    path: "/a/b?c=d",
    host: "a.test",
    site: "https://a.test:8443",
    address: "192.0.2.9",
  };
  expect(editsOf({ request: { set } }, { ...request, principal: "änn" }).lines).toBe(
    `A: https://a.test/a/b?\r\nB: PUT 192.0.2.9 id-1\r\nC: ${Buffer.from("änn").toString("latin1")}\r\nD: {x\r\n`,
  );
});

test("a header whose placeholders have no value is removed and not sent empty; one that is set empty is", () => {
  const edits = editsOf({ request: { set: { "X-User": "{user}", "X-Empty": "" } } });
  expect([edits.names, edits.lines]).toEqual([["x-user", "x-empty"], "X-Empty: \r\n"]);
});

test("no value of a request makes another line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { lines, responseLines } = editsOf(
        { request: { set: { A: "{user}!" } }, response: { set: { B: "{user}!" } } },
        { principal: text },
      );
      // eslint-disable-next-line no-control-regex
      expect(lines).toMatch(/^A: [\x20-\x7e\x80-\xff]*!\r\n$/);
      // eslint-disable-next-line no-control-regex
      expect(responseLines).toMatch(/^B: [\x20-\x7e\x80-\xff]*!\r\n$/);
    }),
  );
});

test.each([
  ["Content-Length", "1"],
  ["transfer-encoding", "chunked"],
  ["Connection", "close"],
  ["Host", "a"],
  ["X-Forwarded-For", "1"],
  ["Bad Name", "1"],
  ["Good", "a\r\nB: c"],
  ["Good", "\u0100"],
  ["Good", "{clientip}"],
])("%s: %j cannot be set for targets", (name, value) => {
  expect(() => new HeaderStep({ request: { set: { [name]: value } } })).toThrow(RangeError);
});

test.each(["Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Trailer", "Content_Length", "a b"])(
  "%s of responses cannot be removed",
  (name) => {
    expect(() => new HeaderStep({ response: { remove: [name] } })).toThrow(RangeError);
  },
);

test("an unknown placeholder is named, with those that there are", () => {
  expect(() => new HeaderStep({ response: { set: { A: "x {ip}" } } })).toThrow(
    "{ip} is not a placeholder. There are {client_ip}, {host}, {method}, {path}, {request_id}, {scheme}, {user}.",
  );
});

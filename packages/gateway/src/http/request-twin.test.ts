import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptedRequests, refusedRequests } from "../cases.suite.js";
import { mutated, requests } from "./messages.suite.js";
import { RequestHead } from "./request-head.js";
import { type TwinRequest, twinRequest } from "./request-twin.suite.js";

const request = new RequestHead();

/** The reader's result, in the form of the twin's. */
function read(text: string): TwinRequest | undefined {
  const bytes = Buffer.from(text, "latin1");
  const length = request.read(bytes, 0, bytes.length);
  if (length <= 0) return undefined;
  const { method, path, authority, contentLength, chunked, keepAlive, upgrade, expectContinue } = request;
  const forwarded = request.write("Ours: 1\r\n").toString("latin1");
  expect(forwarded.endsWith("\r\n\r\n")).toBe(true);
  const lines = forwarded.slice(0, -4).split("\r\n");
  // prettier-ignore
  return { length, method, path, authority, contentLength, chunked, keepAlive, upgrade, expectContinue, forwarded: lines };
}

describe("the twin agrees", () => {
  test("about every message of the tables", () => {
    for (const { request: message } of [...acceptedRequests, ...refusedRequests]) {
      expect(read(message), message).toEqual(twinRequest(message));
    }
  });

  test("about valid messages", () => {
    fc.assert(
      fc.property(requests, (text) => {
        expect(read(text)).toEqual(twinRequest(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("about messages with mistakes", () => {
    fc.assert(
      fc.property(mutated(requests), (text) => {
        expect(read(text)).toEqual(twinRequest(text));
      }),
      { numRuns: 5_000 },
    );
  });
});

test("pieces make no difference: the reader waits until the result is certain, and then does not change it", () => {
  fc.assert(
    fc.property(mutated(requests), (text) => {
      const bytes = Buffer.from(text, "latin1");
      const whole = request.read(bytes, 0, bytes.length);
      const { refusal } = request;
      let verdict = 0;
      for (let end = 0; end < bytes.length; end++) {
        const now = request.read(bytes, 0, end);
        if (verdict === 0) verdict = now;
        expect(now).toBe(verdict);
      }
      if (verdict !== 0) expect(whole).toBe(verdict);
      if (verdict < 0) expect(request.refusal).toEqual(refusal);
    }),
    { numRuns: 500 },
  );
});

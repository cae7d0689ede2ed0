import { expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../errors.js";
import { streamReset } from "./stream-reset.js";

const CAUSES: Partial<Record<ErrorCode, string>> = {
  PN_DIAL_REFUSED: "refused",
  PN_DIAL_FAILED: "refused",
  PN_DIAL_TIMEOUT: "timeout",
  PN_DIAL_UNTRUSTED: "untrusted",
  PN_DIAL_SCHEME: "scheme",
  PN_SESSION_LOST: "gone",
  PN_DRAINING: "gone",
  PN_TUNNEL_UNBOUND: "gone",
  PN_STREAM_LIMIT: "full",
};

test.each(Object.keys(ERRORS) as ErrorCode[])("a stream reset with %s has the cause of that code", (code) => {
  expect(streamReset(code, 7)).toEqual({ code, cause: CAUSES[code] ?? "broken", delivered: 7 });
});

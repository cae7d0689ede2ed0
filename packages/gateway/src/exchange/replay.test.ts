import { describe, expect, test } from "vitest";
import type { ResetReason } from "../upstream/byte-stream.js";
import { RequestHead } from "../http/index.js";
import { Replay, REPLAY_LIMITS } from "./replay.js";

/** A request whose head was sent, and `sent` of its body. */
function replayOf(method: string, { fields = "", kept = false, sent = [] as Buffer[] } = {}): Replay {
  const bytes = Buffer.from(`${method} / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  const head = new RequestHead();
  head.read(bytes, 0, bytes.length);
  const replay = new Replay();
  replay.begin(head, head.chunked || head.contentLength > 0);
  if (kept) replay.useKept();
  for (const chunk of sent) replay.keep(chunk);
  return replay;
}

const broken = (delivered: number, code = "PN_LOCAL_RESET"): ResetReason => ({ code, delivered });
const LENGTH = "Content-Length: 100000\r\n";
const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

describe("a kept stream is for", () => {
  test.each([
    ["GET", "", true],
    ["HEAD", "", true],
    ["OPTIONS", "", true],
    ["DELETE", "", true],
    ["PUT", "Content-Length: 0\r\n", true],
    ["PUT", LENGTH, false],
    ["GET", LENGTH, false],
    ["POST", "", false],
    ["PATCH", "", false],
    ["LOCK", "", false],
    ["GET", UPGRADE, false],
  ])("%s %j: %s", (method, fields, may) => {
    expect(replayOf(method, { fields }).mayUseKept).toBe(may);
  });
});

describe("a request is sent again", () => {
  test("when none of it was delivered, whatever it is, with what was sent of its body", () => {
    const sent = [Buffer.from("one"), Buffer.from("two")];
    expect(replayOf("POST", { fields: LENGTH, sent }).take(broken(0))).toEqual(sent);
    expect(replayOf("GET", { fields: UPGRADE }).take(broken(0))).toEqual([]);
  });

  test("when it is idempotent and its stream had been kept, or the session was lost", () => {
    expect(replayOf("GET", { kept: true }).take(broken(300))).toEqual([]);
    expect(replayOf("DELETE").take(broken(-1, "PN_SESSION_LOST"))).toEqual([]);
    const sent = [Buffer.from("all")];
    expect(replayOf("PUT", { fields: LENGTH, sent }).take(broken(-1, "PN_SESSION_LOST"))).toEqual(sent);
  });
});

describe("a request is not sent again", () => {
  test("when it may have been executed", () => {
    expect(replayOf("POST").take(broken(1))).toBeUndefined();
    expect(replayOf("POST").take(broken(-1))).toBeUndefined();
    expect(replayOf("POST").take(broken(-1, "PN_SESSION_LOST"))).toBeUndefined();
    expect(replayOf("GET", { fields: UPGRADE }).take(broken(-1, "PN_SESSION_LOST"))).toBeUndefined();
  });

  test("when it broke a fresh connection: it would break the next one, too", () => {
    expect(replayOf("GET").take(broken(80))).toBeUndefined();
  });

  test.each(["PN_DIAL_REFUSED", "PN_DIAL_FAILED", "PN_DIAL_TIMEOUT"])("after %s", (code) => {
    expect(replayOf("GET", { kept: true }).take(broken(0, code))).toBeUndefined();
  });

  test("a second time", () => {
    const replay = replayOf("GET", { kept: true });
    expect(replay.take(broken(-1))).toEqual([]);
    expect(replay.take(broken(-1))).toBeUndefined();
  });

  test("once an answer has begun", () => {
    const replay = replayOf("GET", { kept: true });
    replay.end();
    replay.keep(Buffer.from("more"));
    expect(replay.take(broken(0))).toBeUndefined();
  });

  test("when more of its body was sent than is kept", () => {
    const most = Buffer.alloc(REPLAY_LIMITS.body);
    expect(replayOf("POST", { fields: LENGTH, sent: [most] }).take(broken(0))).toEqual([most]);
    expect(replayOf("POST", { fields: LENGTH, sent: [most, Buffer.alloc(1)] }).take(broken(0))).toBeUndefined();
  });
});

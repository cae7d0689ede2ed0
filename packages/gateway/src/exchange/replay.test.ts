import { describe, expect, test } from "vitest";
import type { BreakCause, ResetReason } from "@postern/net";
import { RequestHead } from "../http/index.js";
import { retrySafely } from "../upstream/attempt.js";
import { Replay } from "./replay.js";

const MOST = 64 * 1024;

/** A request whose head was sent, and `sent` of its body. */
function replayOf(method: string, { fields = "", idle = false, sent = [] as Buffer[] } = {}): Replay {
  const bytes = Buffer.from(`${method} / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  const head = new RequestHead();
  head.read(bytes, 0, bytes.length);
  const replay = new Replay(MOST);
  replay.begin(head, head.chunked || head.contentLength > 0);
  if (idle) replay.useIdle();
  for (const chunk of sent) replay.keep(chunk);
  return replay;
}

const broken = (delivered: number, cause: BreakCause = "broken"): ResetReason => ({ cause, delivered });
const LENGTH = "Content-Length: 100000\r\n";
const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

describe("whether a request may use an idle stream", () => {
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
    expect(replayOf(method, { fields }).mayUseIdle).toBe(may);
  });
});

describe("a request is sent again", () => {
  test("when none of it was delivered, with any method, and with the sent part of its body", () => {
    const sent = [Buffer.from("one"), Buffer.from("two")];
    expect(replayOf("POST", { fields: LENGTH, sent }).take(broken(0), retrySafely)).toEqual(sent);
    expect(replayOf("GET", { fields: UPGRADE }).take(broken(0), retrySafely)).toEqual([]);
  });

  test("when it is idempotent and its stream had been idle, or the session was lost", () => {
    expect(replayOf("GET", { idle: true }).take(broken(300), retrySafely)).toEqual([]);
    expect(replayOf("DELETE").take(broken(-1, "gone"), retrySafely)).toEqual([]);
    const sent = [Buffer.from("all")];
    expect(replayOf("PUT", { fields: LENGTH, sent }).take(broken(-1, "gone"), retrySafely)).toEqual(sent);
  });
});

describe("a request is not sent again", () => {
  test("when it may have been executed", () => {
    expect(replayOf("POST").take(broken(1), retrySafely)).toBeUndefined();
    expect(replayOf("POST").take(broken(-1), retrySafely)).toBeUndefined();
    expect(replayOf("POST").take(broken(-1, "gone"), retrySafely)).toBeUndefined();
    expect(replayOf("GET", { fields: UPGRADE }).take(broken(-1, "gone"), retrySafely)).toBeUndefined();
  });

  test("when a new connection broke: the request may have caused it", () => {
    expect(replayOf("GET").take(broken(80), retrySafely)).toBeUndefined();
  });

  test.each<BreakCause>(["refused", "timeout"])("after %s", (cause) => {
    expect(replayOf("GET", { idle: true }).take(broken(0, cause), retrySafely)).toBeUndefined();
  });

  test("a second time", () => {
    const replay = replayOf("GET", { idle: true });
    expect(replay.take(broken(-1), retrySafely)).toEqual([]);
    expect(replay.take(broken(-1), retrySafely)).toBeUndefined();
  });

  test("once a response has begun", () => {
    const replay = replayOf("GET", { idle: true });
    replay.end();
    replay.keep(Buffer.from("more"));
    expect(replay.take(broken(0), retrySafely)).toBeUndefined();
  });

  test("when more of its body was sent than is kept", () => {
    const most = Buffer.alloc(MOST);
    expect(replayOf("POST", { fields: LENGTH, sent: [most] }).take(broken(0), retrySafely)).toEqual([most]);
    expect(
      replayOf("POST", { fields: LENGTH, sent: [most, Buffer.alloc(1)] }).take(broken(0), retrySafely),
    ).toBeUndefined();
  });
});

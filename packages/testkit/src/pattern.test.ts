import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { patternHash, patternPieces, patternStream } from "./pattern.js";

test("the stream, the pieces and the hash have the same bytes", async () => {
  const bytes = 200_001;
  const streamed = Buffer.concat(await patternStream(bytes).toArray());
  expect(streamed.length).toBe(bytes);
  expect(streamed.equals(Buffer.concat([...patternPieces(bytes)]))).toBe(true);
  expect(createHash("sha256").update(streamed).digest("hex")).toBe(patternHash(bytes));
});

test("no two blocks of 4 KiB are equal, so swapped blocks are detected", () => {
  const whole = Buffer.concat([...patternPieces(1024 * 1024)]);
  const blocks = new Set<string>();
  for (let at = 0; at < whole.length; at += 4096) blocks.add(whole.toString("latin1", at, at + 4096));
  expect(blocks.size).toBe(256);
});

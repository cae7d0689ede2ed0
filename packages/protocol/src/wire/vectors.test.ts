import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Batch } from "./batch.js";
import { TunnelError } from "../errors.js";
import { NO_SESSION } from "../transport.js";
import { FrameType } from "./frame.js";
import { FrameRecord, read, readFrames, reported, taken, write, type WrittenFrame } from "./frame-record.suite.js";
import { SessionPair } from "../session/session-pair.suite.js";
import { bytes, joined, type Parts } from "./vector-bytes.suite.js";

interface Vectors {
  frames: { name: string; hex: Parts; frame: Record<string, unknown>; decode_only?: true }[];
  batches: {
    name: string;
    hex: Parts;
    frames: Record<string, unknown>[];
    sequenced: number;
    ack_now: boolean;
    decode_only?: true;
  }[];
  refused: { name: string; hex: Parts; valid_frames: number; error: string }[];
  sessions: { name: string; role: "server" | "client"; messages: Parts[]; error: string | null }[];
}

const vectors = JSON.parse(readFileSync(new URL("../../vectors/frames.json", import.meta.url), "utf8")) as Vectors;

function frame(written: Record<string, unknown>): WrittenFrame {
  const entries = Object.entries(written).map(([key, value]) => [
    key,
    Array.isArray(value) ? joined(value as Parts) : value,
  ]);
  return Object.fromEntries(entries) as WrittenFrame;
}

test("the file is complete and has vectors of every type", () => {
  const { frames, batches, refused, sessions } = vectors;
  expect([frames.length, batches.length, refused.length, sessions.length]).toEqual([51, 7, 55, 37]);
  expect(new Set(frames.map((vector) => vector.frame["type"]))).toEqual(new Set(Object.keys(FrameType)));
  const names = [...frames, ...batches, ...refused, ...sessions].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe("frames", () => {
  test.each(vectors.frames)("$name", (vector) => {
    const expected = frame(vector.frame);
    const message = bytes(vector.hex);
    expect(read(message).frames).toEqual([reported(expected)]);
    expect(read(message, [...message.keys()]).frames).toEqual([reported(expected)]);
    if (vector.decode_only) return;
    const batch = new Batch();
    write(batch, expected);
    expect(taken(batch).equals(bytes(vector.hex))).toBe(true);
  });
});

describe("batches", () => {
  test.each(vectors.batches)("$name", (vector) => {
    const expected = vector.frames.map(frame);
    const message = bytes(vector.hex);
    const reading = { frames: expected.map(reported), bytes: vector.sequenced, ackNow: vector.ack_now };
    expect(read(message)).toEqual(reading);
    expect(read(message, [...message.keys()])).toEqual(reading);
    if (vector.decode_only) return;
    const batch = new Batch();
    for (const one of expected) write(batch, one);
    expect(taken(batch).toString("hex")).toBe(bytes(vector.hex).toString("hex"));
  });
});

describe("refused", () => {
  test.each(vectors.refused)("$name", (vector) => {
    const message = bytes(vector.hex);
    for (const cuts of [[], [...message.keys()]]) {
      const record = new FrameRecord();
      let error: unknown;
      try {
        readFrames(message, record, cuts);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(TunnelError);
      expect((error as TunnelError).code).toBe(vector.error);
      expect(record.frames).toHaveLength(vector.valid_frames);
    }
  });
});

describe.each(["whole", "byte by byte"])("sessions, messages %s", (how) => {
  test.each(vectors.sessions)("$name", (vector) => {
    const { clock, link, ...sides } = new SessionPair();
    const { record } = sides[vector.role];
    const transport = link[vector.role];
    vector.messages.forEach((message, index) => {
      expect(transport.closed, `ended before message ${index}`).toBeUndefined();
      // The test is the peer: frames of the session go nowhere, and nothing else arrives.
      transport.peer.handler = NO_SESSION;
      const whole = bytes(message);
      if (how === "whole") transport.deliver(whole, true);
      else for (let at = 0; at <= whole.length; at++) transport.deliver(whole.subarray(at, at + 1), at === whole.length); // prettier-ignore
      clock.run(1);
    });
    expect(record.closed?.code ?? null).toBe(vector.error);
  });
});

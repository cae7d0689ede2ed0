import { expect, test } from "vitest";
import { COMPRESSION_LIMITS, EncoderRoom, type EncoderPlace } from "./encoder-room.js";

const MB = 1024 * 1024;

/** How many bodies of 1 MB a visitor can begin. */
function fill(room: EncoderRoom, visitor: string): EncoderPlace[] {
  const places: EncoderPlace[] = [];
  for (let place = room.enter(visitor, MB); place !== undefined; place = room.enter(visitor, MB)) places.push(place);
  return places;
}

test("a visitor gets at most half of the memory that the others leave", () => {
  const room = new EncoderRoom({ memory: 128 * MB, threads: 2 });
  expect(fill(room, "a")).toHaveLength(64);
  expect(fill(room, "b")).toHaveLength(32);
  expect(fill(room, "c")).toHaveLength(16);
  expect(room.used).toBe(112 * MB);
});

test("any number of visitors never use more than all of the memory", () => {
  const room = new EncoderRoom();
  for (let n = 0; n < 10_000; n++) fill(room, `visitor ${n}`);
  expect(room.used).toBeLessThanOrEqual(COMPRESSION_LIMITS.memory);
});

test("a body that is over leaves its memory to others, once", () => {
  const room = new EncoderRoom({ memory: 4 * MB, threads: 2 });
  const [first, second] = fill(room, "a");
  expect(room.enter("a", MB)).toBeUndefined();
  first!.leave();
  first!.leave();
  expect(room.used).toBe(MB);
  expect(room.enter("a", MB)).toBeDefined();
  second!.leave();
  expect(room.visitors).toBe(1);
});

test("bodies that need no memory always find room, and nothing of them is left", () => {
  const room = new EncoderRoom({ memory: 4 * MB, threads: 2 });
  fill(room, "a");
  const places = Array.from({ length: 1_000 }, (_, n) => room.enter(`b${n}`, 0)!);
  for (const place of places) place.leave();
  expect(room.visitors).toBe(1);
});

test("visitors take turns on the threads", () => {
  const room = new EncoderRoom({ memory: 4 * MB, threads: 1 });
  const begun: string[] = [];
  const [greedy, modest] = [room.enter("greedy", 0)!, room.enter("modest", 0)!];
  for (let n = 0; n < 4; n++) greedy.lane.take(() => void begun.push(`greedy ${n}`));
  modest.lane.take(() => void begun.push("modest"));
  for (let n = 0; n < 4; n++) (begun.at(-1) === "modest" ? modest : greedy).lane.give();
  expect(begun).toEqual(["greedy 0", "greedy 1", "modest", "greedy 2", "greedy 3"]);
});

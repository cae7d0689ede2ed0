import { expect, test } from "vitest";
import { eventOf, START } from "./any-event.suite.js";
import { EventHistory } from "./event-history.js";

test("keeps the last events, numbered without gaps", () => {
  const history = new EventHistory(3);
  for (let index = 1; index <= 100; index++) {
    expect(history.add(eventOf("error", { index })).id).toBe(index);
    const expected = [index - 2, index - 1, index].filter((id) => id > 0);
    expect(history.select().map(({ id }) => id)).toEqual(expected);
  }
});

test("selects by type, endpoint, time and number", () => {
  const history = new EventHistory();
  history.add(eventOf("connection_attempt", {}, 0));
  history.add(eventOf("error", {}, 1_000));
  history.add({ ...eventOf("error", {}, 2_000), endpoint: "api" });
  const ids = (...filter: Parameters<EventHistory["select"]>): number[] =>
    history.select(...filter).map(({ id }) => id);
  expect(ids({ types: new Set(["error"]) })).toEqual([2, 3]);
  expect(ids({ types: new Set(["error", "connection_attempt"]), endpoint: "web" })).toEqual([1, 2]);
  expect(ids({ since: START + 1_000 })).toEqual([2, 3]);
  expect(ids({ after: 2 })).toEqual([3]);
  expect(ids({ types: new Set() })).toEqual([]);
});

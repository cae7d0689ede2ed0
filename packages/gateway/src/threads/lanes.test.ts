import { expect, test } from "vitest";
import { Lane, Lanes } from "./lanes.js";

/** Begins things that never end by themselves. */
class Owner {
  readonly lane: Lane;
  begun: string[];

  constructor(lanes: Lanes, begun: string[] = []) {
    this.lane = new Lane(lanes);
    this.begun = begun;
  }

  take(...names: string[]): void {
    for (const name of names) this.lane.take(() => this.begun.push(name));
  }
}

test("one owner uses all of them, and its things begin in turn", () => {
  const owner = new Owner(new Lanes(3));
  owner.take("a", "b", "c", "d", "e");
  expect(owner.begun).toEqual(["a", "b", "c"]);
  owner.lane.give();
  expect(owner.begun).toEqual(["a", "b", "c", "d"]);
});

test("of two owners each leaves one for the other, and they take turns", () => {
  const lanes = new Lanes(3);
  lanes.owners = 2;
  const begun: string[] = [];
  const [first, second] = [new Owner(lanes, begun), new Owner(lanes, begun)];
  first.take("a1", "a2", "a3", "a4");
  second.take("b1", "b2", "b3");
  expect(begun).toEqual(["a1", "a2", "b1"]);
  second.lane.give();
  second.lane.give();
  expect(begun).toEqual(["a1", "a2", "b1", "b2", "b3"]);
  first.lane.give();
  first.lane.give();
  expect(begun.slice(5)).toEqual(["a3", "a4"]);
});

test("what is not needed any more makes room at once", () => {
  const owner = new Owner(new Lanes(1));
  owner.take("a");
  for (let n = 0; n < 1_000; n++) owner.lane.take(() => false);
  owner.take("b");
  owner.lane.give();
  expect(owner.begun).toEqual(["a", "b"]);
});

test("an owner with a limit of its own leaves the rest of the room to others, even to a single one", () => {
  const lanes = new Lanes(3);
  const [limited, other] = [new Lane(lanes, 1), new Lane(lanes)];
  const begun: string[] = [];
  for (const name of ["a", "b"]) limited.take(() => begun.push(name));
  for (const name of ["c", "d", "e"]) other.take(() => begun.push(name));
  expect(begun).toEqual(["a", "c", "d"]);
  limited.give();
  expect(begun).toEqual(["a", "c", "d", "b"]);
  other.give();
  expect(begun).toEqual(["a", "c", "d", "b", "e"]);
});

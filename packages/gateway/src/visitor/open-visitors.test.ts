import { describe, expect, test } from "vitest";
import { OpenVisitor, OpenVisitors } from "./open-visitors.js";

class Visitor extends OpenVisitor<Visitor> {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

function listOf(...names: string[]): { list: OpenVisitors<Visitor>; members: Visitor[] } {
  const list = new OpenVisitors<Visitor>();
  const members = names.map((name) => new Visitor(name));
  for (const visitor of members) list.add(visitor);
  return { list, members };
}

const namesIn = (list: OpenVisitors<Visitor>): string[] => [...list].map(({ name }) => name);

describe("open visitors", () => {
  test.each([
    ["the oldest", 0, ["b", "c"]],
    ["one in the middle", 1, ["a", "c"]],
    ["the newest", 2, ["a", "b"]],
  ])("%s leaves, and the others stay in their order", (_, index, left) => {
    const { list, members } = listOf("a", "b", "c");
    list.remove(members[index]!);
    expect(namesIn(list)).toEqual(left);
    list.add(new Visitor("d"));
    expect(namesIn(list)).toEqual([...left, "d"]);
    expect(list.size).toBe(3);
  });

  test("a visitor that has left refers to no other, so the garbage collector can free it alone", () => {
    const { list, members } = listOf("a", "b", "c");
    for (const visitor of members) list.remove(visitor);
    for (const { older, newer } of members) expect([older, newer]).toEqual([undefined, undefined]);
    expect(list.size).toBe(0);
    expect(namesIn(list)).toEqual([]);
  });

  test("a visitor that leaves twice leaves once", () => {
    const { list, members } = listOf("a", "b");
    list.remove(members[0]!);
    list.remove(members[0]!);
    expect(list.size).toBe(1);
    expect(namesIn(list)).toEqual(["b"]);
    list.remove(members[1]!);
    list.remove(members[1]!);
    expect(list.size).toBe(0);
  });

  test("the visitors can leave while they are visited", () => {
    const { list } = listOf("a", "b", "c");
    const seen: string[] = [];
    for (const visitor of list) {
      seen.push(visitor.name);
      list.remove(visitor);
    }
    expect(seen).toEqual(["a", "b", "c"]);
    expect(list.size).toBe(0);
  });
});

import { describe, expect, test } from "vitest";
import { Linked, LinkedList } from "./linked-list.js";

class Member extends Linked<Member> {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

function listOf(...names: string[]): { list: LinkedList<Member>; members: Member[] } {
  const list = new LinkedList<Member>();
  const members = names.map((name) => new Member(name));
  for (const member of members) list.add(member);
  return { list, members };
}

const namesIn = (list: LinkedList<Member>): string[] => [...list].map(({ name }) => name);

describe("a linked list", () => {
  test.each([
    ["the oldest", 0, ["b", "c"]],
    ["one in the middle", 1, ["a", "c"]],
    ["the newest", 2, ["a", "b"]],
  ])("loses %s, and the others keep their order", (_, index, left) => {
    const { list, members } = listOf("a", "b", "c");
    list.remove(members[index]!);
    expect(namesIn(list)).toEqual(left);
    expect(list.oldest?.name).toBe(left[0]);
    list.add(new Member("d"));
    expect(namesIn(list)).toEqual([...left, "d"]);
    expect(list.size).toBe(3);
  });

  test("leaves no reference in a removed member, so the garbage collector can free it alone", () => {
    const { list, members } = listOf("a", "b", "c");
    for (const member of members) list.remove(member);
    for (const { older, newer } of members) expect([older, newer]).toEqual([undefined, undefined]);
    expect(list.size).toBe(0);
    expect(namesIn(list)).toEqual([]);
  });

  test("loses a member once, although it is removed twice", () => {
    const { list, members } = listOf("a", "b");
    list.remove(members[0]!);
    list.remove(members[0]!);
    expect(list.size).toBe(1);
    expect(namesIn(list)).toEqual(["b"]);
    list.remove(members[1]!);
    list.remove(members[1]!);
    expect(list.size).toBe(0);
  });

  test("can lose its members while they are visited", () => {
    const { list } = listOf("a", "b", "c");
    const seen: string[] = [];
    for (const member of list) {
      seen.push(member.name);
      list.remove(member);
    }
    expect(seen).toEqual(["a", "b", "c"]);
    expect(list.size).toBe(0);
  });
});

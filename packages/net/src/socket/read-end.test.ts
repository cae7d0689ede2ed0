import { beforeEach, describe, expect, test } from "vitest";
import { ReadEnd, type ReadTask } from "./read-end.js";

let scheduled: (() => void)[];
let readEnd: ReadEnd;
let done: string[];

beforeEach(() => {
  scheduled = [];
  done = [];
  readEnd = new ReadEnd((task) => scheduled.push(task));
});

const task = (name: string, work = (): void => {}): ReadTask => ({
  onReadEnd() {
    done.push(name);
    work();
  },
});

describe("a task", () => {
  test("that is added during a read runs at its end, once", () => {
    readEnd.beginRead();
    readEnd.add(task("one"));
    readEnd.add(task("two"));
    expect(done).toEqual([]);
    readEnd.endRead();
    expect(done).toEqual(["one", "two"]);
    readEnd.beginRead();
    readEnd.endRead();
    expect([done.length, scheduled.length]).toEqual([2, 0]);
  });

  test("that is added during a read within a read runs at the end of the outer one", () => {
    readEnd.beginRead();
    readEnd.beginRead();
    readEnd.add(task("one"));
    readEnd.endRead();
    expect(done).toEqual([]);
    readEnd.endRead();
    expect(done).toEqual(["one"]);
  });

  test("that is added outside a read runs when the current operation is over", () => {
    readEnd.add(task("one"));
    readEnd.add(task("two"));
    expect([done, scheduled.length]).toEqual([[], 1]);
    scheduled.pop()?.();
    expect(done).toEqual(["one", "two"]);
  });

  test("that fails does not stop the others", () => {
    readEnd.beginRead();
    readEnd.add(
      task("one", () => {
        throw new Error("fails");
      }),
    );
    readEnd.add(task("two"));
    expect(() => readEnd.endRead()).toThrow("fails");
    scheduled.pop()?.();
    expect(done).toEqual(["one", "two"]);
  });
});

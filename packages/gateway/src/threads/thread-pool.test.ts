import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { READY, TaskTimeout, ThreadPool, type PooledWorker } from "./thread-pool.js";

/** A thread that answers when the test wants it. */
class ScriptedWorker extends EventEmitter implements PooledWorker<string> {
  readonly tasks: string[] = [];
  isTerminated = false;

  postMessage(task: string): void {
    this.tasks.push(task);
  }

  unref(): void {}

  terminate(): void {
    this.isTerminated = true;
    this.emit("exit");
  }
}

function pooled(): { pool: ThreadPool<string, string>; workers: ScriptedWorker[] } {
  const workers: ScriptedWorker[] = [];
  const startWorker = (): ScriptedWorker => {
    const worker = new ScriptedWorker();
    workers.push(worker);
    return worker;
  };
  const pool = new ThreadPool<string, string>({
    tasks: "texts",
    startWorker,
    limits: { threads: 1, waiting: 2 },
    deadline: 50,
  });
  return { pool, workers };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a task with a deadline", () => {
  test("ends its thread when it takes too long, and the next one gets another thread", async () => {
    const { pool, workers } = pooled();
    const [first, second] = [pool.run("slow")!, pool.run("next")!];
    workers[0]!.emit("message", READY);
    const failed = expect(first.answer).rejects.toBeInstanceOf(TaskTimeout);
    vi.advanceTimersByTime(49);
    expect(workers).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await failed;
    expect(workers[0]!.isTerminated).toBe(true);
    expect(workers[1]!.tasks).toEqual(["next"]);
    workers[1]!.emit("message", READY);
    workers[1]!.emit("message", "done");
    expect(await second.answer).toBe("done");
  });

  test("has the time after the start of its thread, and after the task before it", async () => {
    const { pool, workers } = pooled();
    const tasks = ["a", "b"].map((task) => pool.run(task)!);
    vi.advanceTimersByTime(5_000);
    workers[0]!.emit("message", READY);
    vi.advanceTimersByTime(40);
    workers[0]!.emit("message", "one");
    vi.advanceTimersByTime(40);
    workers[0]!.emit("message", "two");
    expect(await Promise.all(tasks.map(({ answer }) => answer))).toEqual(["one", "two"]);
    expect(workers).toHaveLength(1);
    vi.advanceTimersByTime(9_000);
    expect(workers[0]!.isTerminated).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(workers[0]!.isTerminated).toBe(true);
  });

  test("waits with a few others only", () => {
    const { pool } = pooled();
    expect(["a", "b", "c", "d"].map((task) => pool.run(task) !== undefined)).toEqual([true, true, true, false]);
  });
});

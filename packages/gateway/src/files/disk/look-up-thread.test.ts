import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { LookUpPlaces, type Answer, type LookUp } from "./look-up-places.js";
import { LookUpThread, type LookedUp, type LookUpOwner } from "./look-up-thread.js";
import type { NoEntry } from "./open-entry.js";
import { Slabs } from "./slabs.js";

/** A thread that answers when the test says so. */
class FakeWorker extends EventEmitter {
  readonly places: LookUpPlaces;
  readonly received: LookUp[] = [];
  messages = 0;

  constructor(memory: SharedArrayBuffer) {
    super();
    this.places = new LookUpPlaces(memory);
  }

  unref(): void {}

  postMessage(lookUps: readonly LookUp[]): void {
    this.messages++;
    this.received.push(...lookUps);
  }

  terminate(): Promise<number> {
    this.emit("exit", 1);
    return Promise.resolve(1);
  }

  /** Answers the look-up of a path: there is nothing. */
  answer(...paths: string[]): void {
    const answers = paths.map((path): Answer => {
      const { place } = this.received.find((each) => each.path === path)!;
      return { place, outcome: "missing", realPath: undefined };
    });
    this.emit("message", answers);
  }
}

class Owner implements LookUpOwner {
  readonly slabs = new Slabs();
  isSlow = false;

  onSlow(): void {
    this.isSlow = true;
  }
}

/** A thread that has been started because there were many look-ups. */
class Started {
  readonly workers: FakeWorker[] = [];
  readonly thread = new LookUpThread((memory) => {
    const worker = new FakeWorker(memory);
    this.workers.push(worker);
    return worker;
  });
  readonly owner = new Owner();

  constructor() {
    this.start();
  }

  get worker(): FakeWorker {
    return this.workers.at(-1)!;
  }

  start(): void {
    const { length } = this.workers;
    for (let n = 0; this.workers.length === length && n < 1_000; n++) void this.lookUp("/first");
    if (this.workers.length > length) this.worker.emit("message", []);
  }

  lookUp(path: string, owner: LookUpOwner = this.owner): Promise<LookedUp | NoEntry | undefined> | undefined {
    return this.thread.lookUp({ path, within: "/", known: undefined }, owner);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a thread is started only for many look-ups within a second", () => {
  const workers: FakeWorker[] = [];
  const thread = new LookUpThread((memory) => workers[workers.push(new FakeWorker(memory)) - 1]!);
  const lookUp = (): unknown => thread.lookUp({ path: "/a", within: "/", known: undefined }, new Owner());
  for (let n = 0; n < 255; n++) expect(lookUp()).toBeUndefined();
  expect(workers).toHaveLength(0);
  expect(lookUp()).toBeUndefined();
  expect(workers).toHaveLength(1);
});

test("look-ups of one turn go in one message, and those without a place are done in another way", async () => {
  const started = new Started();
  const all = Array.from({ length: 65 }, (_, n) => started.lookUp(`/${n}`));
  expect(all.filter((each) => each === undefined)).toHaveLength(1);
  await nextTurn();
  expect(started.worker.received).toHaveLength(64);
  expect(started.worker.messages).toBe(1);
});

test("when the thread is stuck at one disk, the look-ups of others are done in another way", async () => {
  const started = new Started();
  const other = new Owner();
  const stuck = started.lookUp("/stuck");
  const [done, next] = [started.lookUp("/done", other), started.lookUp("/next", other)];
  await nextTurn();
  const { worker } = started;
  worker.places.current = worker.received.find(({ path }) => path === "/stuck")!.place;
  expect(await Promise.all([done, next])).toEqual([undefined, undefined]);
  expect({ stuck: started.owner.isSlow, other: other.isSlow }).toEqual({ stuck: true, other: false });
  expect(started.lookUp("/later", other)).toBeUndefined();
  // The disk responds.
  worker.answer("/stuck", "/done", "/next");
  expect(await stuck).toBe("missing");
  expect(started.lookUp("/again", other)).toBeDefined();
  expect(started.lookUp("/slow")).toBeUndefined();
});

test("when the thread ends, its look-ups are done in another way, and another one is started, a few times", async () => {
  const started = new Started();
  for (let n = 1; n <= 3; n++) {
    const waiting = started.lookUp("/a");
    await nextTurn();
    started.worker.emit("error", new Error("out of memory"));
    started.worker.emit("exit", 1);
    expect(await waiting).toBeUndefined();
    started.start();
    expect(started.workers).toHaveLength(Math.min(n + 1, 3));
  }
  expect(started.lookUp("/a")).toBeUndefined();
});

import { EventEmitter } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { LookUpPlaces, type LookUp, type UnusualAnswer } from "./look-up-places.js";
import { LookUpThread, startThread, type LookedUp, type LookUpOwner, type LookUpReceiver } from "./look-up-thread.js";
import type { NoEntry } from "./open-entry.js";
import { Slabs } from "./slabs.js";

/** A thread that answers when the test says so. */
class FakeWorker extends EventEmitter {
  readonly places: LookUpPlaces;
  readonly received: (LookUp & { readonly place: number })[] = [];
  messages = 0;

  constructor(memory: SharedArrayBuffer) {
    super();
    this.places = new LookUpPlaces(memory);
  }

  unref(): void {}

  postMessage(places: readonly number[]): void {
    this.messages++;
    this.received.push(...places.map((place) => ({ place, ...this.places.read(place) })));
  }

  terminate(): Promise<number> {
    this.emit("exit", 1);
    return Promise.resolve(1);
  }

  /** Answers the look-up of a path: there is nothing. */
  answer(...paths: string[]): void {
    const answers = paths.map((path): UnusualAnswer => {
      const { place } = this.received.find((each) => each.path === path)!;
      return { place, outcome: "missing", realPath: undefined };
    });
    this.emit("message", answers);
  }
}

function folderWithFile(): { directory: string; file: string } {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "postern-thread-")));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "file");
  writeFileSync(file, "one");
  return { directory, file };
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

test("a disk with few look-ups has no memory for a thread", () => {
  let memories = 0;
  const { SharedArrayBuffer: Original } = globalThis;
  vi.stubGlobal("SharedArrayBuffer", function create(bytes: number): SharedArrayBuffer {
    memories++;
    return new Original(bytes);
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const thread = new LookUpThread((memory) => new FakeWorker(memory));
  const lookUp = (): unknown => thread.lookUp({ path: "/a", within: "/", known: undefined }, new Owner());
  for (let n = 0; n < 255; n++) lookUp();
  expect(memories).toBe(0);
  lookUp();
  expect(memories).toBe(1);
});

test("look-ups of one turn go in one message, and those without a place are done in another way", async () => {
  const started = new Started();
  const all = Array.from({ length: 65 }, (_, n) => started.lookUp(`/${n}`));
  expect(all.filter((each) => each === undefined)).toHaveLength(1);
  await nextTurn();
  expect(started.worker.received).toHaveLength(64);
  expect(started.worker.messages).toBe(1);
});

test("the receiver of a look-up can begin the next one, which gets its place", async () => {
  const started = new Started();
  const { thread, owner } = started;
  const found: unknown[] = [];
  let hasBegun: boolean | undefined;
  const begin = (path: string, onLookedUp: LookUpReceiver["onLookedUp"]): boolean =>
    thread.begin({ path, within: "/", known: undefined }, owner, {
      takeRoom: (size) => owner.slabs.take(size),
      onLookedUp,
      onLookUpFailed: (error) => found.push(error),
    });
  const next = (answer: unknown): void => {
    found.push(answer);
    hasBegun = begin("/next", (last) => found.push(last));
  };
  expect(begin("/0", next)).toBe(true);
  for (let n = 1; n < 64; n++) expect(begin(`/${n}`, () => {})).toBe(true);
  expect(begin("/none", () => {})).toBe(false);
  await nextTurn();
  started.worker.answer("/0");
  expect(hasBegun).toBe(true);
  await nextTurn();
  started.worker.answer("/next");
  expect(found).toEqual(["missing", "missing"]);
});

test("a content for which there is no memory is looked up in another way, and its place is used again", async () => {
  const started = new Started();
  const failures: Error[] = [];
  const begin = (takeRoom: LookUpReceiver["takeRoom"]): boolean =>
    started.thread.begin({ path: "/a", within: "/", known: undefined }, started.owner, {
      takeRoom,
      onLookedUp: () => expect.fail("it was found"),
      onLookUpFailed: (error) => failures.push(error),
    });
  begin(() => {
    throw new RangeError("Array buffer allocation failed");
  });
  await nextTurn();
  const { worker } = started;
  const { place } = worker.received.find(({ path }) => path === "/a")!;
  worker.places.setNumber(place, 5);
  worker.emit("message", [place]);
  expect(failures).toHaveLength(1);
  for (let n = 0; n < 64; n++) expect(started.lookUp(`/${n}`)).toBeDefined();
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

test("when a real thread dies in the middle of its work, its look-ups are done in another way, and the next one works", async () => {
  const { directory, file } = folderWithFile();
  const workers: Worker[] = [];
  const thread = new LookUpThread((memory) => {
    const worker = startThread(memory);
    workers.push(worker);
    return worker;
  });
  onTestFinished(() => thread.close());
  const owner = new Owner();
  const lookUp = (): ReturnType<LookUpThread["lookUp"]> =>
    thread.lookUp({ path: file, within: directory, known: undefined }, owner);
  const untilReady = async (): Promise<LookedUp | NoEntry | undefined> => {
    for (;;) {
      const found = await lookUp();
      if (found !== undefined) return found;
      await nextTurn();
    }
  };
  expect(await untilReady()).toMatchObject({
    kind: "file",
    fd: -1,
    realPath: file,
    piece: { bytes: Buffer.from("one") },
  });
  const waiting = Array.from({ length: 64 }, async () => lookUp());
  void workers[0]!.terminate();
  const found = await Promise.all(waiting);
  expect(found.every((each) => each === undefined || typeof each === "object")).toBe(true);
  expect(await untilReady()).toMatchObject({ piece: { bytes: Buffer.from("one") } });
  expect(workers).toHaveLength(2);
});

/** Uses up the memory of a thread when it gets its first look-ups. */
const HOG = `data:text/javascript,
  import { parentPort } from "node:worker_threads";
  const held = [];
  parentPort.once("message", () => { for (;;) held.push(new Array(1_000_000).fill(0.5)); });`;

test("when a real thread has no memory left, its look-ups are done in another way, and the next one works", async () => {
  const { directory, file } = folderWithFile();
  const errors: unknown[] = [];
  let workers = 0;
  const thread = new LookUpThread((memory) => {
    const worker = startThread(memory, workers++ === 0 ? ["--import", HOG] : []);
    return worker.on("error", ({ code }: NodeJS.ErrnoException) => errors.push(code));
  });
  onTestFinished(() => thread.close());
  const owner = new Owner();
  let found: unknown;
  while (found === undefined) {
    // The first thread is stuck before it ends.
    owner.isSlow = false;
    found = await thread.lookUp({ path: file, within: directory, known: undefined }, owner);
    await nextTurn();
  }
  expect(found).toMatchObject({ kind: "file", realPath: file, piece: { bytes: Buffer.from("one") } });
  expect(errors).toEqual(["ERR_WORKER_OUT_OF_MEMORY"]);
  expect(workers).toBe(2);
});

test("a look-up that is too long for its place, or has a NUL in its path, stays in its folder", async () => {
  const started = new Started();
  expect(started.lookUp(`/${"a".repeat(40_000)}`)).toBeUndefined();
  void started.lookUp("/a\0/\0/etc/passwd");
  await nextTurn();
  expect(started.worker.received).toEqual([
    { place: expect.any(Number) as number, path: "/a\0/\0/etc/passwd", within: "/", known: undefined },
  ]);
});

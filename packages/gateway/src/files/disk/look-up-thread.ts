import type { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { DISK } from "./file-system.js";
import { LookUpPlaces, PLACES, type Answer, type LookUp, type UnusualAnswer } from "./look-up-places.js";
import type { NoEntry, OpenEntry } from "./open-entry.js";
import type { Piece, Slabs } from "./slabs.js";

/** What was opened. A folder is closed, and so is a file that is known, or whose content is in `piece`. */
export interface LookedUp extends OpenEntry {
  readonly piece?: Piece;
  /** Whether it is the file that was there before. */
  readonly isKnown?: boolean;
}

/** What the thread is for its owner. */
export interface LookUpWorker extends Pick<EventEmitter, "on"> {
  /** @param places of look-ups */
  postMessage(places: readonly number[]): void;
  unref(): void;
  terminate(): unknown;
}

/** Who wants to look something up. */
export interface LookUpOwner {
  /** Memory for the contents of files. */
  readonly slabs: Slabs;
  /** Whether its disk was slow recently: it would keep the thread from others. */
  readonly isSlow: boolean;
  /** One of its look-ups took long. */
  onSlow(): void;
}

interface Pending {
  readonly path: string;
  readonly owner: LookUpOwner;
  readonly resolve: (found: LookedUp | NoEntry | undefined) => void;
  readonly reject: (error: Error) => void;
  /** It has been resolved without an answer. */
  isLeft: boolean;
}

/** Look-ups within a second that start the thread. With fewer, it is not worth its memory. */
const MANY = 256;
const SECOND = 1_000;
/** A thread that does not answer in this time is stuck, in milliseconds. */
const STUCK = 50;
/** A thread that ends as often as this is not started again. */
const MOST_ENDS = 3;

/**
 * A thread that does all calls of a look-up, and reads small files. The threads of Node.js do one call at a time, and
 * what surrounds it costs ten times as much as the call itself. It is started when there are many look-ups.
 */
export class LookUpThread {
  readonly #places = new LookUpPlaces();
  readonly #free = Array.from({ length: PLACES }, (_, place) => place);
  /** By place. */
  readonly #pending: (Pending | undefined)[] = this.#free.map(() => undefined);
  readonly #startWorker: (memory: SharedArrayBuffer) => LookUpWorker;
  #worker: LookUpWorker | undefined;
  #isReady = false;
  #isStuck = false;
  #ends = 0;
  /** What is sent at the end of the turn. */
  #batch: number[] = [];
  #watch: NodeJS.Timeout | undefined;
  #hasAnswered = false;
  /** Look-ups since `#since`, before there is a thread. */
  #count = 0;
  #since = -Infinity;

  /** @param startWorker default: a thread of Node.js */
  constructor(startWorker: (memory: SharedArrayBuffer) => LookUpWorker = startThread) {
    this.#startWorker = startWorker;
  }

  /**
   * Opens what is at a path as `openEntry` does, and reads it if it is a small file.
   * @returns undefined, or a promise of it, if the thread cannot do it now
   */
  lookUp(request: LookUp, owner: LookUpOwner): Promise<LookedUp | NoEntry | undefined> | undefined {
    if (this.#worker === undefined) this.#startIfMany();
    const isUsed = this.#isReady && !this.#isStuck && !owner.isSlow;
    const place = isUsed ? this.#free.pop() : undefined;
    if (place === undefined) return undefined;
    if (!this.#places.write(place, request)) {
      this.#free.push(place);
      return undefined;
    }
    if (this.#batch.length === 0) setImmediate(this.#send);
    this.#batch.push(place);
    return new Promise((resolve, reject) => {
      this.#pending[place] = { path: request.path, owner, resolve, reject, isLeft: false };
    });
  }

  /** Ends the thread. */
  close(): void {
    this.#ends = MOST_ENDS;
    void this.#worker?.terminate();
  }

  #startIfMany(): void {
    const now = performance.now();
    if (now - this.#since > SECOND) {
      this.#since = now;
      this.#count = 0;
    }
    if (++this.#count < MANY || this.#ends >= MOST_ENDS) return;
    try {
      this.#start();
    } catch {
      // The system has no thread, or no memory for it.
      this.#ends++;
    }
  }

  #start(): void {
    const worker = this.#startWorker(this.#places.memory);
    this.#worker = worker;
    worker.unref();
    worker.on("message", (answers: Answer[]) => this.#take(answers));
    // The look-ups in progress are done in another way, and "exit" follows.
    worker.on("error", () => {});
    worker.on("exit", () => this.#end());
  }

  readonly #send = (): void => {
    const batch = this.#batch;
    this.#batch = [];
    this.#worker?.postMessage(batch);
    if (this.#watch === undefined) this.#watch = setTimeout(this.#check, STUCK).unref();
  };

  /** What has been answered by now is taken first. */
  readonly #check = (): void => void setImmediate(() => this.#checkProgress());

  #checkProgress(): void {
    this.#watch = undefined;
    if (this.#free.length === PLACES) return;
    if (!this.#hasAnswered) return this.#leaveAll();
    this.#hasAnswered = false;
    this.#watch = setTimeout(this.#check, STUCK).unref();
  }

  /** The look-up at which the thread is stuck goes on. All others are done without the thread. */
  #leaveAll(): void {
    this.#isStuck = true;
    const { current } = this.#places;
    this.#pending[current]?.owner.onSlow();
    for (const [place, pending] of this.#pending.entries()) {
      if (pending === undefined || place === current) continue;
      this.#places.leave(place);
      this.#leave(pending);
    }
  }

  #leave(pending: Pending): void {
    if (pending.isLeft) return;
    pending.isLeft = true;
    pending.resolve(undefined);
  }

  #take(answers: readonly Answer[]): void {
    // The first message says that it has begun.
    this.#isReady = this.#hasAnswered = true;
    this.#isStuck = false;
    for (const answer of answers) {
      const place = typeof answer === "number" ? answer : answer.place;
      const pending = this.#pending[place]!;
      this.#pending[place] = undefined;
      if (typeof answer === "number") {
        if (!pending.isLeft) this.#settleContent(pending, place, pending.path);
      } else if (!pending.isLeft) this.#settle(pending, answer);
      else if (answer.outcome === "open") DISK.close(this.#places.number(place));
      this.#free.push(place);
    }
  }

  #settleContent({ owner, resolve }: Pending, place: number, realPath: string): void {
    const size = this.#places.number(place);
    const piece = owner.slabs.take(size);
    piece.bytes.set(this.#places.room(place, size)!);
    resolve({ kind: "file", fd: -1, stats: this.#places.stats(place), realPath, piece });
  }

  #settle(pending: Pending, { place, outcome, realPath = pending.path }: UnusualAnswer): void {
    const { resolve, reject } = pending;
    switch (outcome) {
      case "missing":
      case "folder":
      case "deleted":
      case "outside":
        return resolve(outcome);
      case "content":
        return this.#settleContent(pending, place, realPath);
      case "open":
      case "known":
      case "closed folder":
        break;
      default:
        return reject(Object.assign(new Error(outcome), { code: outcome }));
    }
    const stats = this.#places.stats(place);
    if (outcome === "closed folder") return resolve({ kind: "folder", fd: -1, stats, realPath });
    if (outcome === "known") return resolve({ kind: "file", fd: -1, stats, realPath, isKnown: true });
    resolve({ kind: "file", fd: this.#places.number(place), stats, realPath });
  }

  /** The thread has ended. */
  #end(): void {
    this.#ends++;
    this.#worker = undefined;
    this.#isReady = this.#isStuck = false;
    this.#count = 0;
    this.#batch = [];
    for (const [place, pending] of this.#pending.entries()) {
      if (pending === undefined) continue;
      this.#pending[place] = undefined;
      this.#free.push(place);
      this.#leave(pending);
    }
  }
}

/** @internal Starts the thread. */
export function startThread(memory: SharedArrayBuffer): Worker {
  // Built, or as it is in the sources.
  const file = `./look-up-worker${import.meta.url.slice(-3)}`;
  return new Worker(new URL(file, import.meta.url), {
    name: "files",
    workerData: memory,
    // Open files go to the owner, and stay open when the thread ends.
    trackUnmanagedFds: false,
    // Nothing lives longer than a look-up.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
    execArgv: [],
  });
}

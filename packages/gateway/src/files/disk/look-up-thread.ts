import type { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { limitYoungGeneration } from "@postern/net";
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

/** Who waits for a look-up. Exactly one of the last two methods is called, once, and not within `begin`. */
export interface LookUpReceiver {
  /** Memory for the content of the file. */
  takeRoom(size: number): Piece;
  /** @param found undefined: the thread cannot do it */
  onLookedUp(found: LookedUp | NoEntry | undefined): void;
  onLookUpFailed(error: Error): void;
}

interface Pending {
  readonly path: string;
  readonly owner: LookUpOwner;
  readonly receiver: LookUpReceiver;
  /** Its receiver got no answer from here. */
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
  /** Created with the first thread, because most disks need none. */
  #memory: LookUpPlaces | undefined;
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
  /** Whether V8 was told not to enlarge the young generation. Otherwise many requests would enlarge it. */
  #isYoungLimited = false;
  /** Look-ups since `#since`, before there is a thread. */
  #count = 0;
  #since = -Infinity;

  /** @param startWorker default: a thread of Node.js */
  constructor(startWorker: (memory: SharedArrayBuffer) => LookUpWorker = (memory) => startThread(memory)) {
    this.#startWorker = startWorker;
  }

  /**
   * Opens what is at a path as `openEntry` does, and reads it if it is a small file.
   * @returns undefined, or a promise of it, if the thread cannot do it now
   */
  lookUp(request: LookUp, owner: LookUpOwner): Promise<LookedUp | NoEntry | undefined> | undefined {
    let receiver: LookUpReceiver | undefined;
    const found = new Promise<LookedUp | NoEntry | undefined>((resolve, reject) => {
      receiver = { takeRoom: (size) => owner.slabs.take(size), onLookedUp: resolve, onLookUpFailed: reject };
    });
    return this.begin(request, owner, receiver!) ? found : undefined;
  }

  /** As `lookUp`, without a promise. @returns false if the thread cannot do it now: `receiver` is not called */
  begin(request: LookUp, owner: LookUpOwner, receiver: LookUpReceiver): boolean {
    if (this.#worker === undefined) this.#startIfMany();
    const isUsed = this.#isReady && !this.#isStuck && !owner.isSlow;
    const place = isUsed ? this.#free.pop() : undefined;
    if (place === undefined) return false;
    if (!this.#places.write(place, request)) {
      this.#free.push(place);
      return false;
    }
    if (this.#batch.length === 0) setImmediate(this.#send);
    this.#batch.push(place);
    this.#pending[place] = { path: request.path, owner, receiver, isLeft: false };
    return true;
  }

  get #places(): LookUpPlaces {
    return (this.#memory ??= new LookUpPlaces());
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
    if (!this.#isYoungLimited) this.#isYoungLimited = limitYoungGeneration();
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
    pending.receiver.onLookedUp(undefined);
  }

  #take(answers: readonly Answer[]): void {
    // The first message says that it has begun. Its heap has ended the limit.
    if (!this.#isReady) this.#isYoungLimited = limitYoungGeneration();
    this.#isReady = this.#hasAnswered = true;
    this.#isStuck = false;
    for (const answer of answers) {
      const place = typeof answer === "number" ? answer : answer.place;
      const pending = this.#pending[place]!;
      this.#pending[place] = undefined;
      if (pending.isLeft) {
        if (typeof answer === "object" && answer.outcome === "open") DISK.close(this.#places.number(place));
        this.#free.push(place);
        continue;
      }
      const found =
        typeof answer === "number" ? this.#content(pending, place, pending.path) : this.#found(pending, answer);
      // First, because the receiver may begin the next look-up.
      this.#free.push(place);
      if (found instanceof Error) pending.receiver.onLookUpFailed(found);
      else pending.receiver.onLookedUp(found);
    }
  }

  #content({ receiver }: Pending, place: number, realPath: string): LookedUp | Error {
    const size = this.#places.number(place);
    try {
      const piece = receiver.takeRoom(size);
      piece.bytes.set(this.#places.room(place, size)!);
      return { kind: "file", fd: -1, stats: this.#places.stats(place), realPath, piece };
    } catch (error) {
      // There is no memory for it.
      return error as Error;
    }
  }

  #found(pending: Pending, { place, outcome, realPath = pending.path }: UnusualAnswer): LookedUp | NoEntry | Error {
    switch (outcome) {
      case "missing":
      case "folder":
      case "deleted":
      case "outside":
        return outcome;
      case "content":
        return this.#content(pending, place, realPath);
      case "open":
        return { kind: "file", fd: this.#places.number(place), stats: this.#places.stats(place), realPath };
      case "known":
        return { kind: "file", fd: -1, stats: this.#places.stats(place), realPath, isKnown: true };
      case "closed folder":
        return { kind: "folder", fd: -1, stats: this.#places.stats(place), realPath };
      default:
        return Object.assign(new Error(outcome), { code: outcome });
    }
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

/** @internal Starts the thread. @param execArgv options of Node.js for it */
export function startThread(memory: SharedArrayBuffer, execArgv: string[] = []): Worker {
  // Built, or as it is in the sources.
  const file = `./look-up-worker${import.meta.url.slice(-3)}`;
  return new Worker(new URL(file, import.meta.url), {
    name: "files",
    workerData: memory,
    // Open files go to the owner, and stay open when the thread ends.
    trackUnmanagedFds: false,
    // Nothing lives longer than a look-up.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
    execArgv,
  });
}

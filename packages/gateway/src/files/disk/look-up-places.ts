import type { FileStats } from "./file-stamp.ts";
import type { NoEntry } from "./open-entry.ts";

/** Look-ups that the thread has at the same time. */
export const PLACES = 64;
/** Bytes of the largest content that the thread reads, and of the longest look-up. */
const ROOM = 32 * 1024;
/** Numbers of a file's stats. */
const STATS = 8;
const LEFT = -2;

/** What is to be looked up. */
export interface LookUp {
  /** Bytes in Latin-1. */
  readonly path: string;
  /** As for `openEntry`. */
  readonly within: string | undefined;
  /** The stamp of the file that was there before. */
  readonly known: string | undefined;
}

/** How a look-up ended. The number of its place alone: with `content`, at the path of the look-up. */
export type Answer = number | UnusualAnswer;

export interface UnusualAnswer {
  readonly place: number;
  readonly outcome: Outcome;
  /** The path without links; undefined if it is the path of the look-up. */
  readonly realPath: string | undefined;
}

/**
 * `content`: the file was read whole, and is closed; `open`: it stays open; `folder`: it was one, which is closed;
 * `known`: the file is the one that was there before. Otherwise the code of an error.
 */
export type Outcome = NoEntry | "content" | "open" | "closed folder" | "known" | `E${string}`;

/**
 * Memory for the look-ups in progress, which the thread shares with its owner, because messages with many strings are
 * slow. Each look-up has a place in it, for what is looked up and later its content, its stats and a number.
 */
export class LookUpPlaces {
  /** The other side creates its own LookUpPlaces with it. */
  readonly memory: SharedArrayBuffer;
  readonly #rooms: Buffer;
  readonly #stats: BigInt64Array;
  readonly #numbers: Int32Array;

  constructor(memory = new SharedArrayBuffer(PLACES * (ROOM + STATS * 8 + 4) + 4)) {
    this.memory = memory;
    this.#rooms = Buffer.from(memory, 0, PLACES * ROOM);
    this.#stats = new BigInt64Array(memory, PLACES * ROOM, PLACES * STATS);
    this.#numbers = new Int32Array(memory, PLACES * (ROOM + STATS * 8), PLACES + 1);
  }

  /** The place at which the thread works. */
  get current(): number {
    return Atomics.load(this.#numbers, PLACES);
  }

  set current(place: number) {
    Atomics.store(this.#numbers, PLACES, place);
  }

  /** Room for a content; undefined if it is too large. */
  room(place: number, size: number): Buffer | undefined {
    return size > ROOM ? undefined : this.#rooms.subarray(place * ROOM, place * ROOM + size);
  }

  /** Puts a look-up where its content will be. @returns false if it is too long */
  write(place: number, { path, within = "", known = "" }: LookUp): boolean {
    // Only a path can contain NUL, so it is the last.
    const text = `${within}\0${known}\0${path}`;
    if (text.length > ROOM) return false;
    this.#rooms.write(text, place * ROOM, "latin1");
    this.setNumber(place, text.length);
    return true;
  }

  /** The look-up at a place that nobody has left. */
  read(place: number): LookUp {
    const start = place * ROOM;
    const text = this.#rooms.toString("latin1", start, start + this.number(place));
    const known = text.indexOf("\0") + 1;
    const path = text.indexOf("\0", known) + 1;
    return {
      path: text.slice(path),
      within: text.slice(0, known - 1) || undefined,
      known: text.slice(known, path - 1) || undefined,
    };
  }

  /** The length of the look-up, then that of the content, or the descriptor of the open file. */
  number(place: number): number {
    return Atomics.load(this.#numbers, place);
  }

  setNumber(place: number, value: number): void {
    Atomics.store(this.#numbers, place, value);
  }

  /** Nobody waits for the look-up any more. */
  leave(place: number): void {
    this.setNumber(place, LEFT);
  }

  isLeft(place: number): boolean {
    return this.number(place) === LEFT;
  }

  stats(place: number): FileStats {
    const [dev, ino, size, nlink, mtimeNs, ctimeNs, mtimeMs, ctimeMs] = this.#statsOf(place);
    return {
      dev: BigInt.asUintN(64, dev!),
      ino: BigInt.asUintN(64, ino!),
      size: size!,
      nlink: nlink!,
      mtimeNs: mtimeNs!,
      ctimeNs: ctimeNs!,
      mtimeMs: mtimeMs!,
      ctimeMs: ctimeMs!,
    };
  }

  setStats(place: number, { dev, ino, size, nlink, mtimeNs, ctimeNs, mtimeMs, ctimeMs }: FileStats): void {
    this.#statsOf(place).set([dev, ino, size, nlink, mtimeNs, ctimeNs, mtimeMs, ctimeMs]);
  }

  #statsOf(place: number): BigInt64Array {
    return this.#stats.subarray(place * STATS, (place + 1) * STATS);
  }
}

import { closeSync, fstatSync, openSync, readlinkSync, readSync, realpathSync, statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { isSameVersion, stampOf, type FileStats } from "./file-stamp.ts";
import { LookUpPlaces, type Answer, type Outcome } from "./look-up-places.ts";
import { openEntryAtOnce, type BlockingCalls, type OpenEntry } from "./open-entry.ts";

const BIGINT = { bigint: true } as const;
const BUFFER = { encoding: "buffer" } as const;
/** Answers that are sent together. The owner works on them while this thread goes on. */
const TOGETHER = 8;

/** The calls of a look-up, one after the other: only this thread waits for them. */
const CALLS: BlockingCalls = {
  stat: (path) => statSync(path, BIGINT),
  open: (path, flags) => openSync(path, flags),
  fstat: (fd) => fstatSync(fd, BIGINT),
  readlink: (path) => readlinkSync(path, BUFFER),
  realpath: (path) => realpathSync.native(path, BUFFER),
  close: (fd) => closeSync(fd),
};

const port = parentPort!;
const places = new LookUpPlaces(workerData as SharedArrayBuffer);
// Nobody reads where the error of a missing file was thrown.
Error.stackTraceLimit = 0;
port.on("message", (lookUps: readonly number[]) => answerAll(lookUps));
port.postMessage([]);

function answerAll(lookUps: readonly number[]): void {
  let answers: Answer[] = [];
  for (const place of lookUps) {
    answers.push(answer(place));
    if (answers.length < TOGETHER) continue;
    port.postMessage(answers);
    answers = [];
  }
  if (answers.length > 0) port.postMessage(answers);
}

function answer(place: number): Answer {
  places.current = place;
  try {
    if (places.isLeft(place)) return { place, outcome: "missing", realPath: undefined };
    const { path, within, known } = places.read(place);
    const entry = openEntryAtOnce(CALLS, path, within);
    if (typeof entry === "string") return { place, outcome: entry, realPath: undefined };
    const realPath = entry.realPath === path ? undefined : entry.realPath;
    const outcome = take(place, entry, known);
    return outcome === "content" && realPath === undefined ? place : { place, outcome, realPath };
  } catch (error) {
    const { code = "EIO" } = error as NodeJS.ErrnoException;
    return { place, outcome: code as Outcome, realPath: undefined };
  }
}

/** Reads a small file, and closes it. A file that is larger, or changes meanwhile, stays open. */
function take(place: number, { kind, fd, stats }: OpenEntry, known: string | undefined): Outcome {
  let outcome: Outcome = "open";
  try {
    places.setStats(place, stats);
    if (kind === "folder") outcome = "closed folder";
    else if (known !== undefined && stampOf(stats) === known) outcome = "known";
    else if (isRead(place, fd, stats)) outcome = "content";
    return outcome;
  } catch (error) {
    outcome = "EIO";
    throw error;
  } finally {
    if (outcome === "open") places.setNumber(place, fd);
    else closeSync(fd);
    if (outcome === "content") places.setNumber(place, Number(stats.size));
  }
}

/** @returns false if the file is too large, or changes */
function isRead(place: number, fd: number, stats: FileStats): boolean {
  const room = places.room(place, Number(stats.size));
  if (room === undefined) return false;
  for (let end = 0; end < room.length;) {
    const read = readSync(fd, room, end, room.length - end, end);
    if (read === 0) return false;
    end += read;
  }
  return isSameVersion(stats, fstatSync(fd, BIGINT));
}

import type { BigIntStats } from "node:fs";
import type { FileSystem, FolderEntry, OnRead } from "./file-system.js";
import type { Lane } from "../../threads/lanes.js";
import type { LookUp } from "./look-up-places.js";
import type { LookedUp, LookUpOwner, LookUpReceiver, LookUpThread } from "./look-up-thread.js";
import { openEntry, type NoEntry } from "./open-entry.js";

/** The disk of one folder. A limited number of its calls run at the same time, and the others wait in turn. */
export class PacedDisk implements FileSystem {
  /** The path of the folder, bytes in Latin-1. */
  readonly directory: string;
  /** Its path without links; that of the directory until it is known. */
  realPath: string;
  readonly #disk: FileSystem;
  readonly #calls: Lane;
  readonly #thread: LookUpThread | undefined;

  constructor(directory: string, disk: FileSystem, calls: Lane, thread: LookUpThread | undefined) {
    this.directory = this.realPath = directory;
    this.#disk = disk;
    this.#calls = calls;
    this.#thread = thread;
  }

  /** Opens what is at a path as `openEntry` does, but a folder is closed. */
  async lookUp({ path, within }: Omit<LookUp, "known">, owner: LookUpOwner): Promise<LookedUp | NoEntry> {
    const found = await this.lookUpAtOnce({ path, within, known: undefined }, owner);
    if (found !== undefined) return found;
    const entry = await openEntry(this, path, within);
    if (typeof entry === "object" && entry.kind === "folder") this.close(entry.fd);
    return entry;
  }

  /** As `lookUp`, without a wait for each call. @returns undefined if that is not possible now */
  lookUpAtOnce(request: LookUp, owner: LookUpOwner): Promise<LookedUp | NoEntry | undefined> | undefined {
    return this.#thread?.lookUp(request, owner);
  }

  /** As `lookUpAtOnce`, without a promise. @returns false if that is not possible now */
  beginLookUp(request: LookUp, owner: LookUpOwner, receiver: LookUpReceiver): boolean {
    return this.#thread?.begin(request, owner, receiver) === true;
  }

  open(path: string | Buffer, flags: number): Promise<number> {
    return this.#run(() => this.#disk.open(path, flags));
  }

  stat(path: string | Buffer): Promise<BigIntStats> {
    return this.#run(() => this.#disk.stat(path));
  }

  fstat(fd: number): Promise<BigIntStats> {
    return this.#run(() => this.#disk.fstat(fd));
  }

  readlink(path: string | Buffer): Promise<Buffer> {
    return this.#run(() => this.#disk.readlink(path));
  }

  realpath(path: string | Buffer): Promise<Buffer> {
    return this.#run(() => this.#disk.realpath(path));
  }

  readFolder(path: string | Buffer, visit: (entry: FolderEntry) => void): Promise<void> {
    return this.#run(() => this.#disk.readFolder(path, visit));
  }

  read(fd: number, buffer: Buffer, length: number, position: number, done: OnRead): void {
    this.readInTurn(fd, () => buffer, length, position, done);
  }

  /**
   * As `read`, into the room that exists when its turn comes.
   * @param takeRoom returns undefined if nobody needs the bytes any more; then `done` is not called
   */
  readInTurn(fd: number, takeRoom: () => Buffer | undefined, length: number, position: number, done: OnRead): void {
    this.#calls.take(() => {
      const room = takeRoom();
      if (room === undefined) return false;
      this.#disk.read(fd, room, Math.min(length, room.length), position, (error, bytes) => {
        this.#calls.give();
        done(error, bytes);
      });
      return true;
    });
  }

  /** It waits for nothing: it makes room. */
  close(fd: number): void {
    this.#disk.close(fd);
  }

  #run<Result>(call: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const give = (): void => this.#calls.give();
      this.#calls.take(() => {
        const running = call();
        running.then(give, give);
        running.then(resolve, reject);
      });
    });
  }
}

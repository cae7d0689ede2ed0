import type { BigIntStats } from "node:fs";
import type { FileSystem, FolderEntry, OnRead } from "./file-system.js";
import { Slots } from "./slots.js";

/** Node.js has four threads for the disk and for name resolution. One slow disk never takes them all. */
const CALLS = 3;

/** A disk of which at most CALLS calls run at the same time. The others wait in turn. */
export class PacedDisk implements FileSystem {
  readonly #disk: FileSystem;
  readonly #calls = new Slots(CALLS);

  constructor(disk: FileSystem) {
    this.#disk = disk;
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

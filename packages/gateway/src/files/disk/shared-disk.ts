import { DISK, type FileSystem } from "./file-system.js";
import { Lane, Lanes } from "../../threads/lanes.js";
import { LookUpThread } from "./look-up-thread.js";
import { PacedDisk } from "./paced-disk.js";
import { isBelow } from "./real-path.js";

/** Node.js has four threads for the disk and for name resolution. Slow disks never take them all. */
const CALLS = 3;

/**
 * The disk as all folders of a gateway share it. Each folder has its own turns, so that one on a disk that does not
 * respond does not keep the others waiting.
 */
export class SharedDisk {
  readonly #calls: FileSystem;
  readonly #lanes = new Lanes(CALLS);
  readonly #thread: LookUpThread | undefined;
  readonly #folders = new Set<PacedDisk>();
  /** For everything outside the folders, such as keys. They may be on a disk that does not respond. */
  readonly #elsewhere: PacedDisk;

  /** @param calls default: the disk of this machine */
  constructor(calls: FileSystem = DISK) {
    this.#calls = calls;
    this.#thread = calls === DISK ? new LookUpThread() : undefined;
    this.#elsewhere = this.#create("", 1);
  }

  /** The disk for a folder, until it is removed. @param directory bytes in Latin-1, without a slash at its end */
  add(directory: string): PacedDisk {
    const disk = this.#create(directory);
    this.#folders.add(disk);
    this.#lanes.owners = this.#folders.size;
    return disk;
  }

  /** There is no such folder any more. Calls for it still come to an end. */
  remove(disk: PacedDisk): void {
    this.#folders.delete(disk);
    this.#lanes.owners = this.#folders.size;
  }

  /** The disk of the folder that a path is in. @param path bytes in Latin-1 */
  of(path: string): PacedDisk {
    for (const disk of this.#folders) if (isBelow(path, disk.directory) || isBelow(path, disk.realPath)) return disk;
    return this.#elsewhere;
  }

  /** Ends what it has started. Calls still come to an end. */
  close(): void {
    this.#thread?.close();
  }

  #create(directory: string, mostCalls?: number): PacedDisk {
    return new PacedDisk(directory, this.#calls, new Lane(this.#lanes, mostCalls), this.#thread);
  }
}

import fs, { type BigIntStats, type Dirent } from "node:fs";

/** Called with the number of bytes that were read; 0 at the end of the file. */
export type OnRead = (error: NodeJS.ErrnoException | null, bytes: number) => void;

/** A name in a folder. */
export interface FolderEntry {
  /** Its bytes in Latin-1. */
  readonly name: string;
  /** Names are sorted by it. */
  readonly key: string;
  /** `link`: it leads elsewhere, or its kind is not known. Pipes, sockets and devices are `special`. */
  readonly kind: "file" | "folder" | "link" | "special";
}

/** The calls to the disk. None of them blocks the event loop. */
export interface FileSystem {
  open(path: string | Buffer, flags: number): Promise<number>;
  /** Follows symbolic links. */
  stat(path: string | Buffer): Promise<BigIntStats>;
  fstat(fd: number): Promise<BigIntStats>;
  readlink(path: string | Buffer): Promise<Buffer>;
  realpath(path: string | Buffer): Promise<Buffer>;
  /** Reads at a position of the file. Fails with ESPIPE for a pipe. */
  read(fd: number, buffer: Buffer, length: number, position: number, done: OnRead): void;
  close(fd: number): void;
  /** Calls `visit` with each entry of a folder. */
  readFolder(path: string | Buffer, visit: (entry: FolderEntry) => void): Promise<void>;
}

/** Entries of a folder that are read at once. */
const ENTRIES = 256;
const BIGINT = { bigint: true } as const;
const BUFFER = { encoding: "buffer" } as const;

/** The disk of this machine. */
export const DISK: FileSystem = {
  open: (path, flags) =>
    new Promise((resolve, reject) => fs.open(path, flags, (error, fd) => (error ? reject(error) : resolve(fd)))),
  stat: (path) =>
    new Promise((resolve, reject) => fs.stat(path, BIGINT, (error, stats) => (error ? reject(error) : resolve(stats)))),
  fstat: (fd) =>
    new Promise((resolve, reject) => fs.fstat(fd, BIGINT, (error, stats) => (error ? reject(error) : resolve(stats)))),
  readlink: (path) =>
    new Promise((resolve, reject) =>
      fs.readlink(path, BUFFER, (error, target) => (error ? reject(error) : resolve(target))),
    ),
  realpath: (path) =>
    new Promise((resolve, reject) =>
      fs.realpath.native(path, BUFFER, (error, target) => (error ? reject(error) : resolve(target))),
    ),
  read: (fd, buffer, length, position, done) => fs.read(fd, buffer, 0, length, position, done),
  // A descriptor that was only read needs no error handling.
  close: (fd) => fs.close(fd, () => {}),
  async readFolder(path, visit) {
    // The types of node:fs have no encoding "buffer" here, which names that are not UTF-8 need.
    const folder = await fs.promises.opendir(path, { encoding: "buffer" as BufferEncoding, bufferSize: ENTRIES });
    for await (const entry of folder) {
      const name = (entry.name as unknown as Buffer).toString("latin1");
      visit({ name, key: name.toLowerCase(), kind: kindOf(entry) });
    }
  },
};

function kindOf(entry: Dirent): FolderEntry["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  const isSpecial = entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice();
  return isSpecial ? "special" : "link";
}

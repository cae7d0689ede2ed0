import { FILE_LIMITS } from "./file-cache.js";
import { FileContent, type ContentOwner } from "./file-content.js";
import { stampOf, type FileStats } from "./file-stamp.js";
import type { PacedDisk } from "./paced-disk.js";
import type { OpenedFile } from "./root-folder.js";
import type { Slabs } from "./slabs.js";

/** How often a file that changes while it is read is read again. */
const MOST_ATTEMPTS = 5;

/**
 * Reads a small file whole, and closes it. A large one stays open, and its content is read while it is sent.
 * @throws Error with a system `code`; EBUSY if the file changes all the time. Then the file is closed.
 */
export async function readContent(
  owner: ContentOwner,
  path: string,
  opened: OpenedFile,
  fileSystem: PacedDisk,
  slabs: Slabs,
): Promise<FileContent> {
  const { fd, piece: ready } = opened;
  if (ready !== undefined) return new FileContent(owner, path, opened, { piece: ready, slabs }, fileSystem);
  try {
    let stats: FileStats = opened.stats;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const version = { ...opened, stats };
      if (Number(stats.size) > slabs.largest(FILE_LIMITS.cachedFile))
        return new FileContent(owner, path, version, undefined, fileSystem);
      const piece = slabs.take(Number(stats.size));
      try {
        const isWhole = await readAll(fd, piece.bytes, fileSystem);
        const after = await fileSystem.fstat(fd);
        if (isWhole && stampOf(after) === stampOf(stats)) {
          fileSystem.close(fd);
          return new FileContent(owner, path, version, { piece, slabs }, fileSystem);
        }
        stats = after;
      } catch (error) {
        slabs.give(piece, true);
        throw error;
      }
      slabs.give(piece, true);
    }
    throw Object.assign(new Error("The file changes while it is read."), { code: "EBUSY" });
  } catch (error) {
    fileSystem.close(fd);
    throw error;
  }
}

/** Fills `bytes` from the beginning of a file. @returns false if it has fewer */
async function readAll(fd: number, bytes: Buffer, fileSystem: PacedDisk): Promise<boolean> {
  for (let end = 0; end < bytes.length;) {
    const read = await readSome(fd, bytes.subarray(end), end, fileSystem);
    if (read === 0) return false;
    end += read;
  }
  return true;
}

function readSome(fd: number, room: Buffer, position: number, fileSystem: PacedDisk): Promise<number> {
  return new Promise((resolve, reject) =>
    fileSystem.read(fd, room, room.length, position, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  );
}

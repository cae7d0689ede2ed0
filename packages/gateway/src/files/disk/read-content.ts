import { FILE_LIMITS } from "./file-cache.js";
import { FileContent, type ContentOwner } from "./file-content.js";
import { stampOf } from "./file-stamp.js";
import type { FileSystem } from "./file-system.js";
import type { OpenedFile } from "./root-folder.js";

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
  fileSystem: FileSystem,
): Promise<FileContent> {
  const { fd } = opened;
  try {
    let { stats } = opened;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const version = { ...opened, stats };
      if (Number(stats.size) > FILE_LIMITS.cachedFile)
        return new FileContent(owner, path, version, undefined, fileSystem);
      const bytes = await readAll(fd, Number(stats.size), fileSystem);
      const after = await fileSystem.fstat(fd);
      if (bytes !== undefined && stampOf(after) === stampOf(stats)) {
        fileSystem.close(fd);
        return new FileContent(owner, path, version, bytes, fileSystem);
      }
      stats = after;
    }
    throw Object.assign(new Error("The file changes while it is read."), { code: "EBUSY" });
  } catch (error) {
    fileSystem.close(fd);
    throw error;
  }
}

/** The first `size` bytes of a file; undefined if it has fewer. */
async function readAll(fd: number, size: number, fileSystem: FileSystem): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let end = 0; end < size;) {
    const read = await readSome(fd, bytes.subarray(end), end, fileSystem);
    if (read === 0) return undefined;
    end += read;
  }
  return bytes;
}

function readSome(fd: number, room: Buffer, position: number, fileSystem: FileSystem): Promise<number> {
  return new Promise((resolve, reject) =>
    fileSystem.read(fd, room, room.length, position, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  );
}

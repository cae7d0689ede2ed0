import { crc32 } from "node:zlib";
import type { FileContent } from "./disk/file-content.js";
import { BLOCKS } from "./file-blocks.js";

/** Bytes of a file that were read, from `start` to before `end`, and their CRC-32. */
export interface ReadBytes {
  readonly start: number;
  readonly end: number;
  readonly sum: number;
}

/**
 * Reads bytes of a file again. If they are the same, the file had them all at the moment when the second reading began,
 * however it was changed meanwhile.
 * @param content in use
 * @param isWanted the reading ends early when it is not
 */
export async function stillHolds(
  content: FileContent,
  { start, end, sum }: ReadBytes,
  isWanted: () => boolean,
): Promise<boolean> {
  let again = 0;
  for (let at = start; at < end && isWanted();) {
    const length = await readBlock(content, at, end, (bytes) => (again = crc32(bytes, again)));
    if (length === 0) return false;
    at += length;
  }
  return again === sum;
}

/** Calls `use` with some bytes of a file. @returns their number; 0 if there are none any more */
function readBlock(content: FileContent, at: number, end: number, use: (bytes: Buffer) => void): Promise<number> {
  return new Promise((resolve) => {
    const block = BLOCKS.take(end - at);
    content.read(
      () => block,
      end - at,
      at,
      (error, length) => {
        if (error === null) use(block.subarray(0, length));
        BLOCKS.give(block);
        resolve(error === null ? length : 0);
      },
    );
  });
}

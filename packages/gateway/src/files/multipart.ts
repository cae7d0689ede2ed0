import { randomBytes } from "node:crypto";
import type { ByteRange } from "./selection/byte-ranges.js";
import type { FilePart } from "./file-body.js";
import type { Representation } from "./representation.js";

/** A body with several ranges of a file (RFC 9110, section 14.6). */
export interface Multipart {
  /** Nobody can guess it, so that no file contains it. */
  readonly boundary: string;
  readonly parts: readonly FilePart[];
  /** Bytes of the whole body. */
  readonly length: number;
}

export function multipart(file: Representation, ranges: readonly ByteRange[]): Multipart {
  const boundary = randomBytes(15).toString("hex");
  const parts: FilePart[] = ranges.map((range) => ({
    lead: Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${file.type}\r\nContent-Range: ${file.contentRange(range)}\r\n\r\n`,
    ),
    ...range,
  }));
  parts.push({ lead: Buffer.from(`\r\n--${boundary}--\r\n`), start: 0, end: 0 });
  const length = parts.reduce((sum, { lead, start, end }) => sum + lead.length + end - start, 0);
  return { boundary, parts, length };
}

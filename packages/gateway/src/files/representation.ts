import { hash } from "node:crypto";
import type { Validators } from "./selection/conditions.js";
import type { ContentCoding } from "./selection/content-coding.js";
import { contentTypeOf, isCompressible } from "./content-type.js";
import type { FileContent } from "./disk/file-content.js";
import type { ByteRange } from "./selection/byte-ranges.js";
import { PreparedHead, type HeadFields } from "./prepared-head.js";

/** A version of a file that is modified again within this time, in milliseconds, can have the same time stamp. */
const YOUNG = 2_000;

/** A file in other codings, in the order of CODINGS. */
export type Twins = readonly (Representation | undefined)[];

interface FoundTwins {
  readonly all: Twins;
  /** Until when they are not looked up again. */
  readonly until: number;
  /** The secrets that were known. */
  readonly secrets: number;
}

/** How a file is described. */
export interface RepresentationOptions {
  /** The path that decides about the type: that of the file without the suffix of its coding. */
  readonly path: string;
  readonly cacheControl: string;
  /** Default: none. */
  readonly coding?: ContentCoding;
}

/** A file as its visitors get it: its content, and the fields that describe it. */
export class Representation implements Validators {
  readonly content: FileContent;
  readonly type: string;
  readonly etag: string;
  readonly modified: number;
  /** Whether the choice between this and another coding depends on Accept-Encoding. */
  readonly isNegotiated: boolean;
  /** What was found beside it. */
  twins: FoundTwins | undefined;
  /** Fields of every response about this file. */
  readonly #always: HeadFields;
  readonly #encoding: HeadFields;
  /** Prepared when they are first needed, by status. */
  readonly #heads = new Map<number, PreparedHead>();

  constructor(content: FileContent, { path, cacheControl, coding }: RepresentationOptions) {
    const now = Date.now();
    this.content = content;
    this.type = contentTypeOf(path);
    this.isNegotiated = coding !== undefined || isCompressible(this.type);
    // A time in the future would make caches keep the file for too long.
    this.modified = Math.floor(Math.min(content.modified, now) / 1000);
    this.etag = etagOf(content, coding?.name, now);
    this.#encoding = coding === undefined ? [] : [["Content-Encoding", coding.name]];
    this.#always = [
      ["Last-Modified", new Date(this.modified * 1000).toUTCString()],
      ["ETag", this.etag],
      ["Cache-Control", cacheControl],
      ...(this.isNegotiated ? ([["Vary", "Accept-Encoding"]] as const) : []),
    ];
  }

  /** The head of a response with the whole file. */
  whole(status: number): PreparedHead {
    return this.#prepared(status, () => [
      ["Content-Type", this.type],
      ["Content-Length", String(this.content.size)],
      ...this.#encoding,
      ["Accept-Ranges", "bytes"],
    ]);
  }

  /** The head of the response to a visitor that has this version already. */
  notModified(): PreparedHead {
    return this.#prepared(304, () => []);
  }

  /** The head of a response with one part of the file. */
  part(range: ByteRange): PreparedHead {
    return new PreparedHead(206, [
      ["Content-Type", this.type],
      ["Content-Length", String(range.end - range.start)],
      ["Content-Range", this.contentRange(range)],
      ...this.#encoding,
      ...this.#always,
    ]);
  }

  /** The head of a response with several parts, whose body has `length` bytes. */
  parts(boundary: string, length: number): PreparedHead {
    return new PreparedHead(206, [
      ["Content-Type", `multipart/byteranges; boundary=${boundary}`],
      ["Content-Length", String(length)],
      ...this.#encoding,
      ...this.#always,
    ]);
  }

  contentRange({ start, end }: ByteRange): string {
    return `bytes ${start}-${end - 1}/${this.content.size}`;
  }

  #prepared(status: number, fields: () => HeadFields): PreparedHead {
    let head = this.#heads.get(status);
    if (head === undefined) {
      head = new PreparedHead(status, [...fields(), ...this.#always]);
      this.#heads.set(status, head);
    }
    return head;
  }
}

/** The parts of the stamp are not shown: an inode number helps to attack NFS. */
function etagOf({ stamp, modified }: FileContent, coding: string | undefined, now: number): string {
  const digest = hash("sha256", `${stamp} ${coding ?? ""}`, "base64url").slice(0, 20);
  return Math.abs(now - modified) < YOUNG ? `W/"${digest}"` : `"${digest}"`;
}

import { hash } from "node:crypto";
import type { Validators } from "./selection/conditions.js";
import type { ContentCoding } from "./selection/content-coding.js";
import { contentTypeOf, isCompressible } from "./content-type.js";
import type { FileContent } from "./disk/file-content.js";
import { isYoung } from "./disk/file-stamp.js";
import type { ByteRange } from "./selection/byte-ranges.js";
import { PreparedHead, type HeadFields } from "./prepared-head.js";

/** 200: the fallback of a single-page application; 404: a page that says so. */
export type PageStatus = 200 | 404;

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
  /** When the content was read, or its stamp if its bytes are read later; in milliseconds since 1970. */
  readonly at: number;
  /** Whether another response is possible, which depends on Accept. Default false. */
  readonly dependsOnAccept?: boolean;
}

/** A file as its visitors get it: its content, and the fields that describe it. */
export class Representation implements Validators {
  readonly content: FileContent;
  readonly type: string;
  readonly etag: string;
  readonly modified: number;
  /** Whether it was so young that another content can have the same stamp, and so the same tag. */
  readonly isWeak: boolean;
  /** Whether the choice between this and another coding depends on Accept-Encoding. */
  readonly isNegotiated: boolean;
  /** Until when its path is not looked up again. */
  #freshUntil = -Infinity;
  /** The secrets that were known when its path was looked up. */
  #secrets = -1;
  /** What was found beside it. */
  twins: FoundTwins | undefined;
  readonly #options: RepresentationOptions;
  // Prepared when they are first needed. Most files need one of them.
  #whole: PreparedHead | undefined;
  #notModified: PreparedHead | undefined;
  /** As a page for paths without a file, by status. */
  #pages: Map<number, Representation> | undefined;

  constructor(content: FileContent, options: RepresentationOptions) {
    const { path, coding, at } = options;
    this.#options = options;
    this.content = content;
    this.type = contentTypeOf(path);
    this.isNegotiated = coding !== undefined || isCompressible(this.type);
    // A time in the future would make caches keep the file for too long.
    this.modified = Math.floor(Math.min(content.modified, at) / 1000);
    this.isWeak = isYoung(content, at);
    this.etag = this.isWeak ? `W/${tagOf(content, coding?.name, at)}` : tagOf(content, coding?.name);
  }

  /** It was found at its path. @param secrets those that were known */
  keepUntil(until: number, secrets: number): void {
    this.#freshUntil = until;
    this.#secrets = secrets;
  }

  /** Whether it is still what is at its path. @param secrets those that are known now */
  isFresh(now: number, secrets: number): boolean {
    return now < this.#freshUntil && secrets === this.#secrets && this.content.isCurrent;
  }

  /** When its content was read, as in the options. */
  get at(): number {
    return this.#options.at;
  }

  /**
   * The same content as the page for paths without a file. Caches do not keep one with status 404 longer than the path
   * has no file. @param dependsOnAccept as in the options
   */
  asPage(status: PageStatus, dependsOnAccept: boolean): Representation {
    this.#pages ??= new Map();
    let page = this.#pages.get(status);
    if (page === undefined) {
      const cacheControl = status === 404 ? "no-cache" : this.#options.cacheControl;
      page = new Representation(this.content, { ...this.#options, cacheControl, dependsOnAccept });
      this.#pages.set(status, page);
    }
    return page;
  }

  /** The head of a response with the whole file. */
  whole(status: number): PreparedHead {
    if (this.#whole?.status !== status)
      this.#whole = new PreparedHead(status, [
        ["Content-Type", this.type],
        ["Content-Length", String(this.content.size)],
        ...this.#encoding,
        ["Accept-Ranges", "bytes"],
        ...this.#always,
      ]);
    return this.#whole;
  }

  /** The head of the response to a visitor that has this version already. */
  notModified(): PreparedHead {
    return (this.#notModified ??= new PreparedHead(304, this.#always));
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

  /** Fields of every response about this file. */
  get #always(): HeadFields {
    const { cacheControl, dependsOnAccept = false } = this.#options;
    return [
      ["Last-Modified", dateText(this.modified)],
      ["ETag", this.etag],
      ["Cache-Control", cacheControl],
      ...varyOf(dependsOnAccept, this.isNegotiated),
    ];
  }

  get #encoding(): HeadFields {
    const { coding } = this.#options;
    return coding === undefined ? [] : [["Content-Encoding", coding.name]];
  }
}

/**
 * The parts of the stamp are not shown: an inode number helps to attack NFS.
 * @param at when the content was read, if another can have the same stamp. Its tag has to differ.
 */
function tagOf({ stamp }: FileContent, coding = "", at: number | "" = ""): string {
  const digest = hash("sha256", `${stamp} ${coding} ${at}`, "base64url").slice(0, 20);
  // In one piece. A template keeps its pieces, and the whole digest.
  return ['"', digest, '"'].join("");
}

/** What the choice of a response depends on, where it does. */
function varyOf(dependsOnAccept: boolean, isNegotiated: boolean): HeadFields {
  const names = [...(dependsOnAccept ? ["Accept"] : []), ...(isNegotiated ? ["Accept-Encoding"] : [])];
  return names.length === 0 ? [] : [["Vary", names.join(", ")]];
}

let lastDate = { seconds: NaN, text: "" };

/** A date of HTTP. Many files of a site have the same one. @param seconds since 1970 */
function dateText(seconds: number): string {
  if (lastDate.seconds !== seconds) lastDate = { seconds, text: new Date(seconds * 1000).toUTCString() };
  return lastDate.text;
}

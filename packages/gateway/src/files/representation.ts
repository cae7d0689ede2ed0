import { hash } from "node:crypto";
import { contentTypeOf } from "./content-type.js";
import type { FileContent } from "./file-content.js";
import { PreparedHead } from "./prepared-head.js";

type Fields = readonly (readonly [name: string, value: string])[];

/** A file as its visitors get it: its content, and the fields that describe it. */
export class Representation {
  readonly content: FileContent;
  readonly type: string;
  /** With its quotes. */
  readonly etag: string;
  /** When the file was modified, as in Last-Modified: seconds since 1970. */
  readonly modified: number;
  /** Fields that every response about this file has. */
  readonly #validators: Fields;
  /** Prepared when they are first needed, by status. */
  readonly #heads = new Map<number, PreparedHead>();

  constructor(content: FileContent, cacheControl: string) {
    this.content = content;
    this.type = contentTypeOf(content.path);
    this.modified = Math.floor(content.modified / 1000);
    // The parts of the stamp are nobody's business outside this machine.
    this.etag = `"${hash("sha256", content.stamp, "base64url").slice(0, 20)}"`;
    this.#validators = [
      ["Last-Modified", new Date(this.modified * 1000).toUTCString()],
      ["ETag", this.etag],
      ["Cache-Control", cacheControl],
    ];
  }

  /** The head of a response with the whole file. */
  whole(status: number): PreparedHead {
    let head = this.#heads.get(status);
    if (head === undefined) {
      head = this.#head(status, [
        ["Content-Type", this.type],
        ["Content-Length", String(this.content.size)],
        ["Accept-Ranges", "bytes"],
      ]);
      this.#heads.set(status, head);
    }
    return head;
  }

  #head(status: number, fields: Fields): PreparedHead {
    return new PreparedHead(status, [...fields, ...this.#validators]);
  }
}

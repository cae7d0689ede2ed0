import { Field } from "./field-name.js";
import type { FieldSection } from "./field-section.js";
import { textOf } from "./latin1.js";

/** More names than this are an attempt to make us search. */
const MOST_OPTIONS = 32;

const LIST = /^[ \t,]*(?:[!#$%&'*+.^_`|~0-9a-z-]+[ \t]*(?:,[ \t,]*|$))*$/;

/**
 * What the Connection lines of a head say (RFC 9110 7.6.1). Fields they name go no further, but for those that we write ourselves
 * (Host, framing, identity): there the option has no effect, so that nobody can delete what we say.
 */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;

  /** @returns false when a line is no list of names, or the list is too long. */
  read(fields: FieldSection, bytes: Buffer): boolean {
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    let count = 0;
    for (let n = fields.find(Field.connection); n >= 0; n = fields.find(Field.connection, n + 1)) {
      const value = textOf(bytes, fields.valueStart(n), fields.valueEnd(n)).toLowerCase();
      if (value === "keep-alive") this.keepAlive = true;
      else if (value === "close") this.close = true;
      else if (!LIST.test(value)) return false;
      else {
        for (const item of value.split(",")) {
          const option = item.trim();
          if (option === "") continue;
          if (++count > MOST_OPTIONS) return false;
          if (!this.#take(option)) fields.demote(bytes, option);
        }
      }
    }
    return true;
  }

  #take(option: string): boolean {
    if (option === "close") this.close = true;
    else if (option === "keep-alive") this.keepAlive = true;
    else if (option === "upgrade") this.upgrade = true;
    else return false;
    return true;
  }
}

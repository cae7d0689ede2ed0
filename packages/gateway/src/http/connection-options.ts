import { Field } from "./field-name.js";
import type { FieldSection } from "./field-section.js";
import { parseTokens } from "./list.js";

/** More names than this are an attempt to cost time. */
const MOST_OPTIONS = 32;

/**
 * The options in a head's Connection lines (RFC 9110 7.6.1). Fields that they name are dropped. Fields that we write
 * ourselves (Host, framing, forwarded fields) ignore the option, so that a visitor cannot delete them.
 */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;

  /** @returns false when a line is not a list of names, or the list is too long. */
  read(fields: FieldSection, bytes: Buffer): boolean {
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    let count = 0;
    for (let n = fields.find(Field.connection); n >= 0; n = fields.find(Field.connection, n + 1)) {
      // The most common value, compared without making a string.
      if (fields.valueIs(bytes, n, "keep-alive")) this.keepAlive = true;
      else if (fields.valueIs(bytes, n, "close")) this.close = true;
      else {
        const options = parseTokens(fields.value(bytes, n));
        if (options === undefined || (count += options.length) > MOST_OPTIONS) return false;
        for (const option of options) this.#take(option, fields, bytes);
      }
    }
    return true;
  }

  #take(option: string, fields: FieldSection, bytes: Buffer): void {
    if (option === "close") this.close = true;
    else if (option === "keep-alive") this.keepAlive = true;
    else if (option === "upgrade") this.upgrade = true;
    else fields.demote(bytes, option);
  }
}

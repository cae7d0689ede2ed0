import { TextDecoder } from "node:util";
import { TransformFault, type BodyEdit } from "./body-edit.js";

const UTF8 = /^(?:|utf-?8|us-ascii|ascii)$/;
/** Charsets in which each character is one byte, and ASCII is as in UTF-8. */
const SINGLE_BYTE =
  /^(?:iso[-_]?8859[-_]?[0-9]{1,2}|latin-?[0-9]|l[0-9]|windows-?125[0-8]|cp125[0-8]|koi8-[ru]|macintosh)$/;

/**
 * Whether bodies in this charset can be changed as they are.
 * @param isAscii whether the changes consist of ASCII characters
 */
export function isReadable(charset: string, isAscii: boolean): boolean {
  return UTF8.test(charset) || (isAscii && SINGLE_BYTE.test(charset));
}

/** Whether bodies in this charset can be converted to UTF-8. */
export function isConvertible(charset: string): boolean {
  try {
    void new TextDecoder(charset);
    return true;
  } catch {
    return false;
  }
}

/** Converts a body to UTF-8. */
export class CharsetConverter implements BodyEdit {
  readonly #decoder: TextDecoder;

  constructor(charset: string) {
    this.#decoder = new TextDecoder(charset);
  }

  write(piece: Buffer): Buffer {
    return Buffer.from(this.#decoder.decode(piece, { stream: true }));
  }

  end(): Buffer {
    return Buffer.from(this.#decoder.decode());
  }
}

export function unknownCharset(charset: string): TransformFault {
  return new TransformFault("coding", `the charset ${JSON.stringify(charset.slice(0, 40))} is not supported`);
}

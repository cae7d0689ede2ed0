import { grownTooMuch, type BodyEdit } from "./body-edit.js";

const NOTHING = Buffer.alloc(0);

/**
 * Replaces each occurrence of some bytes. Occurrences are found from the beginning to the end of the body and do not
 * overlap; what replaces one is not searched again. Of the body, only what may be the beginning of an occurrence is
 * kept, and these bytes are known: they are the beginning of `find`.
 */
export class LiteralReplacer implements BodyEdit {
  readonly #find: Buffer;
  readonly #replace: Buffer;
  /** For each length of a beginning of `find`: that of its longest proper end that is a beginning as well. */
  readonly #shorter: Uint16Array;
  /** How many bytes at the end of the body so far are the beginning of `find`. They have not been passed on. */
  #kept = 0;

  /** @param find not empty, and at most 65,535 bytes */
  constructor(find: Buffer, replace: Buffer) {
    this.#find = find;
    this.#replace = replace;
    this.#shorter = shorterBeginnings(find);
  }

  write(piece: Buffer, most: number): Buffer {
    const find = this.#find;
    const input = this.#kept === 0 ? piece : Buffer.concat([find.subarray(0, this.#kept), piece]);
    let at = input.indexOf(find);
    if (at < 0) {
      this.#kept = this.#beginningAt(input, 0);
      return this.#kept === 0 ? input : input.subarray(0, input.length - this.#kept);
    }
    const found: number[] = [];
    for (; at >= 0; at = input.indexOf(find, at + find.length)) found.push(at);
    const rest = found.at(-1)! + find.length;
    this.#kept = this.#beginningAt(input, rest);
    return this.#replaced(input, found, most);
  }

  end(): Buffer {
    const rest = this.#kept === 0 ? NOTHING : this.#find.subarray(0, this.#kept);
    this.#kept = 0;
    return rest;
  }

  #replaced(input: Buffer, found: readonly number[], most: number): Buffer {
    const [find, replace] = [this.#find, this.#replace];
    const end = input.length - this.#kept;
    const length = end + found.length * (replace.length - find.length);
    if (length > most) throw grownTooMuch();
    const output = Buffer.allocUnsafe(length);
    let [from, to] = [0, 0];
    for (const at of found) {
      to += input.copy(output, to, from, at);
      output.set(replace, to);
      to += replace.length;
      from = at + find.length;
    }
    input.copy(output, to, from, end);
    return output;
  }

  /** The length of the longest beginning of `find`, but not all of it, with which `input`, from `start` on, ends. */
  #beginningAt(input: Buffer, start: number): number {
    const find = this.#find;
    let length = 0;
    for (let at = Math.max(start, input.length - find.length + 1); at < input.length; at++) {
      const byte = input[at]!;
      while (length > 0 && find[length] !== byte) length = this.#shorter[length]!;
      if (find[length] === byte) length++;
    }
    return length;
  }
}

/** The failure function of Knuth, Morris and Pratt, by length. */
function shorterBeginnings(find: Buffer): Uint16Array {
  const shorter = new Uint16Array(find.length + 1);
  let length = 0;
  for (let at = 1; at < find.length; at++) {
    while (length > 0 && find[length] !== find[at]) length = shorter[length]!;
    if (find[length] === find[at]) length++;
    shorter[at + 1] = length;
  }
  return shorter;
}

import { grownTooMuch, type BodyEdit } from "./body-edit.js";
import { LiteralSearch } from "./literal-search.js";
import type { Scratch } from "./scratch.js";

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

  readonly #search: LiteralSearch;
  readonly #scratch: Scratch;

  /** @param find not empty, and at most 65,535 bytes. @param scratch for the results */
  constructor(find: Buffer, replace: Buffer, scratch: Scratch, search = new LiteralSearch(find)) {
    this.#find = find;
    this.#replace = replace;
    this.#search = search;
    this.#scratch = scratch;
    this.#shorter = shorterBeginnings(find);
  }

  write(piece: Buffer, most: number): Buffer {
    const find = this.#find;
    if (this.#kept === 0) return this.#change(piece, 0, NOTHING, most);
    if (piece.length < find.length)
      return this.#change(Buffer.concat([find.subarray(0, this.#kept), piece]), 0, NOTHING, most);
    // An occurrence that begins in what was kept ends in the first bytes of the piece.
    const begun = find.subarray(0, this.#kept);
    const at = Buffer.concat([begun, piece.subarray(0, find.length - 1)]).indexOf(find);
    if (at < 0) return this.#change(piece, 0, begun, most);
    const lead = Buffer.concat([begun.subarray(0, at), this.#replace]);
    return this.#change(piece, at + find.length - begun.length, lead, most);
  }

  end(): Buffer {
    const rest = this.#kept === 0 ? NOTHING : this.#find.subarray(0, this.#kept);
    this.#kept = 0;
    return rest;
  }

  /** What becomes of `input` from `start` on, after `lead`. */
  #change(input: Buffer, start: number, lead: Buffer, most: number): Buffer {
    const [find, replace] = [this.#find, this.#replace];
    const found = this.#search.all(input, start);
    const rest = found.length === 0 ? start : found.at(-1)! + find.length;
    this.#kept = this.#beginningAt(input, rest);
    const end = input.length - this.#kept;
    if (found.length === 0 && lead.length === 0) return input.subarray(start, end);
    const length = lead.length + end - start + found.length * (replace.length - find.length);
    if (length > most) throw grownTooMuch();
    const output = this.#scratch.take(length);
    output.set(lead);
    let [from, to] = [start, lead.length];
    for (const at of found) {
      output.set(input.subarray(from, at), to);
      to += at - from;
      output.set(replace, to);
      to += replace.length;
      from = at + find.length;
    }
    output.set(input.subarray(from, end), to);
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

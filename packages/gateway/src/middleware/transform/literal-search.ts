/** The bytes of text from the most to the least frequent, roughly: letters of English, and the signs of markup. */
const FREQUENT =
  " etaoinsrhldcumfpgwyb,.\"\n<>/=:-v0123456789kTSACIMEBPLDRNHFGWOxjqz;()_UVKYJXQZ'&#?%{}[]+*!@$|~^`\\\t\r";
/** Bytes to skip for each byte that is looked at in vain. With fewer, a search for all of the bytes is faster. */
const WORTH = 48;
/** Bytes that may be looked at in vain at first. */
const TRIES = 16;

function rankOf(byte: number): number {
  const rank = FREQUENT.indexOf(String.fromCharCode(byte));
  return rank < 0 ? FREQUENT.length : rank;
}

/**
 * Finds some bytes in others. It looks for the one of them that is the least frequent in text, because the search for a
 * single byte is many times as fast.
 */
export class LiteralSearch {
  readonly #find: Buffer;
  readonly #rarest: number;
  readonly #offset: number;

  /** @param find not empty */
  constructor(find: Buffer) {
    const ranks = Array.from(find, (byte) => rankOf(byte));
    this.#find = find;
    this.#offset = ranks.indexOf(Math.max(...ranks));
    this.#rarest = find[this.#offset]!;
  }

  /** Where these bytes occur in `input` from `start` on, without overlaps. */
  all(input: Buffer, start: number): number[] {
    const find = this.#find;
    const { length } = find;
    const found: number[] = [];
    let from = start;
    let vain = 0;
    while (from + length <= input.length) {
      const at = input.indexOf(this.#rarest, from + this.#offset) - this.#offset;
      if (at < from || at + length > input.length) return found;
      if (this.#isAt(input, at)) {
        found.push(at);
        from = at + length;
        continue;
      }
      from = at + 1;
      if (++vain > TRIES && vain * WORTH > from - start) break;
    }
    for (let at = input.indexOf(find, from); at >= 0; at = input.indexOf(find, at + length)) found.push(at);
    return found;
  }

  #isAt(input: Buffer, at: number): boolean {
    const find = this.#find;
    for (let n = 0; n < find.length; n++) if (input[at + n] !== find[n]) return false;
    return true;
  }
}

import { BACKSLASH, DOT, NUL, SEMICOLON, SLASH } from "../http/octet.js";
import { decodeDots, decodeEscapes, ENCODED } from "./path-decoding.js";
import { READINGS, Sign, Trait, type Reading } from "./reading.js";

/**
 * The work for one path, in characters of it times readings: about a millisecond. Only a path that is long and has
 * nearly every kind of ambiguity needs more: 2 KiB with all of them, 32 KiB with four.
 */
const MOST_WORK = 1 << 19;

/** How far a path is decoded: not at all, only dots, once, twice. */
const Decoding = { none: 0, dots: 1, once: 2, twice: 3 } as const;

/** An encoded NUL: plain, in the form of `%u`, and overlong, as Java writes it. */
const ENCODED_NUL = /\0|%00|%u0000|%c0%80|%e0%80%80/i;

const ENCODED_DOT = ENCODED + DOT;
const ENCODED_SLASH = ENCODED + SLASH;
const ENCODED_BACKSLASH = ENCODED + BACKSLASH;
const ENCODED_SEMICOLON = ENCODED + SEMICOLON;

/** 1: a code with a meaning in some reading. */
const SPECIAL = new Uint8Array(2 * ENCODED);
for (const code of [DOT, SLASH, BACKSLASH, SEMICOLON]) SPECIAL[code] = SPECIAL[ENCODED + code] = 1;

/** The trait of a path that contains a code, wherever it is. */
const TRAITS = new Uint8Array(2 * ENCODED);
TRAITS[ENCODED_DOT] = Trait.encodedDots;
TRAITS[ENCODED_SLASH] = Trait.encodedSlash;
TRAITS[BACKSLASH] = Trait.backslash;
TRAITS[ENCODED_BACKSLASH] = Trait.encodedBackslash;
TRAITS[SEMICOLON] = Trait.parameters;
TRAITS[ENCODED_SEMICOLON] = Trait.encodedParameters;

/**
 * The paths that servers may read in one path, when they decode escapes (not at all, once, twice), resolve dot
 * segments, merge slashes, and so on, in every combination (see `Reading`). Call `begin`, then `next` until it returns
 * false. Reused.
 */
export class PathReadings {
  /** Whether the path contains NUL, at which some servers end a path. */
  hasNul = false;
  /** Whether there were too many readings of a path that is too long, so that `next` stopped early. */
  isExhausted = false;
  /** Whether `..` leads above the beginning of the path in the current reading. */
  climbs = false;

  #codes = new Uint16Array(0);
  /** The codes that are used. */
  #length = 0;
  /** The current reading, one byte for each character. */
  #read = Buffer.alloc(0);
  #end = 0;
  /** Whether the current reading ends with a dot segment. The next one is the same without the slash before it. */
  #hasOpenEnd = false;
  #decoding: number = Decoding.none;
  #traits = 0;
  /** The index in READINGS of the next reading in this decoding. */
  #next = 0;
  #work = 0;

  /** Starts with the path in `target` from `start` to `end`, which begins with a slash. */
  begin(target: string, start: number, end: number): void {
    const length = end - start;
    if (this.#codes.length < length) {
      this.#codes = new Uint16Array(2 * length);
      this.#read = Buffer.alloc(2 * length);
    }
    for (let at = 0; at < length; at++) this.#codes[at] = target.charCodeAt(start + at);
    this.#length = length;
    this.hasNul = ENCODED_NUL.test(target.slice(start, end));
    this.isExhausted = false;
    this.#work = 0;
    this.#hasOpenEnd = false;
    this.#decoding = Decoding.none;
    this.#traits = traitsOf(this.#codes, length);
    // The first reading is the path as it is.
    this.#next = 1;
  }

  /** Goes to the next reading. Several can have the same result. @returns whether there is one */
  next(): boolean {
    if (this.#hasOpenEnd) {
      this.#hasOpenEnd = false;
      this.#end--;
      return true;
    }
    const reading = this.#nextReading();
    if (reading === undefined) return false;
    this.#work += this.#length;
    this.isExhausted = this.#work > MOST_WORK;
    if (this.isExhausted) return false;
    this.#resolve(reading);
    return true;
  }

  /** The first `limit` characters of the current reading. */
  text(limit: number): string {
    return this.#read.toString("latin1", 0, Math.min(this.#end, limit));
  }

  #nextReading(): Reading | undefined {
    do {
      // Without any trait there is only the first reading.
      const end = this.#traits === 0 ? 1 : READINGS.length;
      while (this.#next < end) {
        const reading = READINGS[this.#next++]!;
        if ((reading.needs & ~this.#traits) === 0) return reading;
      }
    } while (this.#decodeFurther());
    return undefined;
  }

  /** Decodes the path to the next degree that changes it. @returns false when there is none */
  #decodeFurther(): boolean {
    const before = this.#length;
    while (this.#decoding !== Decoding.twice) {
      this.#decoding++;
      const decode = this.#decoding === Decoding.dots ? decodeDots : decodeEscapes;
      this.#length = decode(this.#codes, before);
      if (this.#length === before) continue;
      this.#next = 0;
      this.#traits = traitsOf(this.#codes, this.#length);
      return true;
    }
    return false;
  }

  /** Writes the path as a reading has it. */
  #resolve({ dots, slash, backslash, parameters, merges }: Reading): void {
    const codes = this.#codes;
    const read = this.#read;
    const length = this.#length;
    read[0] = SLASH;
    let end = 1;
    let depth = 0;
    this.climbs = false;
    // The current segment: where it begins, its dots, and whether the rest of it is ignored.
    let segment = 1;
    let dotCount = 0;
    let hasEncodedDot = false;
    let isIgnored = false;
    for (let at = 1; at <= length; at++) {
      const code = at === length ? SLASH : codes[at]!;
      let isSeparator = false;
      if (SPECIAL[code] !== 0) {
        if (code === SLASH) isSeparator = true;
        else if (code === ENCODED_SLASH) isSeparator = slash === Sign.encoded;
        else if (code === BACKSLASH) isSeparator = backslash !== Sign.never;
        else if (code === ENCODED_BACKSLASH) isSeparator = backslash === Sign.encoded;
        else if (code === SEMICOLON) isIgnored ||= parameters !== Sign.never;
        else if (code === ENCODED_SEMICOLON) isIgnored ||= parameters === Sign.encoded;
        else if (!isIgnored) {
          dotCount++;
          hasEncodedDot ||= code === ENCODED_DOT;
        }
      }
      if (!isSeparator) {
        // An encoded slash that separates nothing is no slash.
        if (!isIgnored) read[end++] = code === ENCODED_SLASH ? NUL : code;
        continue;
      }

      const size = end - segment;
      const isDots =
        size === dotCount &&
        (size === 1 || size === 2) &&
        dots !== Sign.never &&
        (dots === Sign.encoded || !hasEncodedDot);
      if (isDots) {
        end = segment;
        if (size === 2 && depth === 0) this.climbs = true;
        else if (size === 2) {
          depth--;
          do end--;
          while (read[end - 1] !== SLASH);
        }
      } else if (at < length && !(size === 0 && merges)) {
        read[end++] = SLASH;
        depth++;
      }
      this.#hasOpenEnd = isDots && end > 1;
      segment = end;
      dotCount = 0;
      hasEncodedDot = isIgnored = false;
    }
    this.#end = end;
  }
}

/** What the path contains that can be read in different ways. */
function traitsOf(codes: Uint16Array, length: number): number {
  let traits = 0;
  let isAfterSeparator = false;
  for (let at = 0; at < length; at++) {
    const code = codes[at]!;
    let isSeparator = false;
    if (SPECIAL[code] !== 0) {
      const sign = code & 0xff;
      isSeparator = sign === SLASH || sign === BACKSLASH;
      if (isAfterSeparator && (isSeparator || sign === SEMICOLON)) traits |= Trait.emptySegment;
      traits |= TRAITS[code]!;
      if (code === DOT && isAfterSeparator) traits |= Trait.dots;
    }
    isAfterSeparator = isSeparator;
  }
  return traits;
}

import { BACKSLASH, DOT, NUL, PERCENT, SEMICOLON, SLASH } from "../http/octet.js";
import { decodeDots, decodeEscapes, ENCODED } from "./path-decoding.js";
import { READINGS, Sign, Trait, type Reading } from "./reading.js";

/**
 * `work`: the characters that are read for all readings of one path together, in less than a millisecond. A path of
 * 32 KiB may have 4 readings, and one of 500 bytes all 255; no address that people use has more.
 */
export const PATH_LIMITS = { work: 131_072 } as const;

const ENCODED_DOT = ENCODED + DOT;
const ENCODED_SLASH = ENCODED + SLASH;
const ENCODED_BACKSLASH = ENCODED + BACKSLASH;
const ENCODED_SEMICOLON = ENCODED + SEMICOLON;

/** The traits of a path that contains a code, wherever it is. */
const TRAITS = new Uint16Array(2 * ENCODED);
TRAITS[ENCODED_DOT] = Trait.encodedDots;
TRAITS[ENCODED_SLASH] = Trait.encodedSlash;
TRAITS[BACKSLASH] = Trait.backslash;
TRAITS[ENCODED_BACKSLASH] = Trait.encodedBackslash;
TRAITS[SEMICOLON] = Trait.parameters;
TRAITS[ENCODED_SEMICOLON] = Trait.encodedParameters;
TRAITS[PERCENT] = TRAITS[ENCODED + PERCENT] = Trait.percent;
TRAITS[NUL] = TRAITS[ENCODED + NUL] = Trait.nul;

/** 1: a code with a meaning in some reading. */
const SPECIAL = new Uint8Array(2 * ENCODED);
for (const code of [DOT, SLASH, BACKSLASH, SEMICOLON]) SPECIAL[code] = SPECIAL[ENCODED + code] = 1;

/** The degrees to which a path is decoded, in the order of the readings. */
const Degree = { once: 0, twice: 1, none: 2, dots: 3 } as const;

/** A path, decoded to some degree. */
class DecodedPath {
  codes = new Uint16Array(0);
  length = 0;
  /** What can be read in different ways. One bit each, see `Trait`. */
  traits = 0;

  /** Makes room for a path. */
  reserve(length: number): void {
    if (this.codes.length < length) this.codes = new Uint16Array(2 * length);
  }
}

/**
 * The paths that servers may read in one path, when they decode escapes (not at all, only dots, once, twice), resolve
 * dot segments, merge slashes, and so on, in every combination (see `Reading`). Call `begin`, then `next` until it
 * returns false. Reused.
 */
export class PathReadings {
  /** Whether the decoded path contains NUL, at which some servers end a path. */
  hasNul = false;
  /** Whether the path is too long for the number of its readings, so that `next` stopped early. */
  isExhausted = false;
  /** Whether `..` leads above the beginning of the path in the current reading. */
  climbs = false;

  readonly #raw = new DecodedPath();
  readonly #decoded = new DecodedPath();
  /** Where the current readings are made from: one of the two. */
  #path = this.#decoded;
  #degree: number = Degree.once;
  /** The traits of the path, decoded once: those of the path itself are among them. */
  #traits = 0;
  #hasEscapes = false;
  /** The index in READINGS of the next reading of `#path`. */
  #next = 0;
  /** The current reading, one byte for each character. */
  #read = Buffer.alloc(0);
  #end = 0;
  #limit = 0;
  /** Whether the current reading ends with a dot segment. The next one is the same without the slash before it. */
  #hasOpenEnd = false;
  #work = 0;

  /**
   * Starts with the path in `target` from `start` to `end`, which begins with a slash.
   * @param limit the number of characters of a reading that `text` is used for
   */
  begin(target: string, start: number, end: number, limit: number): void {
    const raw = this.#raw;
    const decoded = this.#decoded;
    const length = end - start;
    raw.reserve(length);
    decoded.reserve(length);
    if (this.#read.length < length) this.#read = Buffer.alloc(2 * length);
    for (let at = 0; at < length; at++) raw.codes[at] = target.charCodeAt(start + at);
    raw.length = length;
    decoded.length = decodeEscapes(raw.codes, length, decoded.codes);
    decoded.traits = this.#traits = traitsOf(decoded);
    this.hasNul = (decoded.traits & Trait.nul) !== 0;
    this.isExhausted = false;
    this.#hasEscapes = decoded.length < length;
    this.#path = decoded;
    this.#degree = Degree.once;
    // The first reading of a path without escapes is the path itself.
    this.#next = this.#hasEscapes ? 0 : 1;
    this.#limit = limit;
    this.#hasOpenEnd = false;
    this.#work = 0;
  }

  /** Goes to the next reading. Several can be equal. @returns whether there is one */
  next(): boolean {
    if (this.#hasOpenEnd) {
      this.#hasOpenEnd = false;
      this.#end--;
      return true;
    }
    const reading = this.#nextReading();
    if (reading === undefined) return false;
    this.#resolve(reading);
    this.isExhausted = this.#work > PATH_LIMITS.work;
    return !this.isExhausted;
  }

  /** The current reading, or its first characters. */
  get text(): string {
    return this.#read.toString("latin1", 0, Math.min(this.#end, this.#limit));
  }

  #nextReading(): Reading | undefined {
    do {
      const traits = this.#path.traits & READING_TRAITS;
      // Without any of them there is only the first reading.
      const end = traits === 0 ? 1 : READINGS.length;
      while (this.#next < end) {
        const reading = READINGS[this.#next++]!;
        if ((reading.needs & ~traits) === 0) return reading;
      }
    } while (this.#goToNextDegree());
    return undefined;
  }

  /** @returns whether there is another degree to which the path can be decoded */
  #goToNextDegree(): boolean {
    const raw = this.#raw;
    const decoded = this.#decoded;
    if (!this.#hasEscapes) return false;
    if (this.#degree === Degree.once) {
      this.#degree = Degree.twice;
      if ((decoded.traits & Trait.percent) !== 0) {
        this.#next = 0;
        decoded.length = decodeEscapes(decoded.codes, decoded.length, decoded.codes);
        decoded.traits = traitsOf(decoded);
        return true;
      }
    }
    if ((this.#traits & READING_TRAITS) === 0) return false;
    this.#path = raw;
    if (this.#degree === Degree.twice) {
      this.#degree = Degree.none;
      // The first reading is the path itself.
      this.#next = 1;
      raw.traits = traitsOf(raw);
      return true;
    }
    if (this.#degree === Degree.dots || (this.#traits & Trait.encodedDots) === 0) return false;
    this.#degree = Degree.dots;
    this.#next = 0;
    raw.length = decodeDots(raw.codes, raw.length);
    raw.traits = traitsOf(raw);
    return true;
  }

  /** Writes the path as a reading has it. */
  #resolve({ dots, slash, backslash, parameters, merges }: Reading): void {
    const { codes, length } = this.#path;
    const read = this.#read;
    read[0] = SLASH;
    let end = 1;
    // Without dots, what follows does not change the beginning.
    const stop = dots === Sign.never ? this.#limit : Infinity;
    let depth = 0;
    this.climbs = false;
    // The current segment: where it begins, its dots, and whether the rest of it is ignored.
    let segment = 1;
    let dotCount = 0;
    let hasEncodedDot = false;
    let isIgnored = false;
    let at = 1;
    for (; at <= length && end <= stop; at++) {
      const code = at === length ? SLASH : codes[at]!;
      if (SPECIAL[code] === 0) {
        if (!isIgnored) read[end++] = code;
        continue;
      }

      let isSeparator = code === SLASH;
      if (code === ENCODED_SLASH) isSeparator = slash === Sign.encoded;
      else if (code === BACKSLASH) isSeparator = backslash !== Sign.never;
      else if (code === ENCODED_BACKSLASH) isSeparator = backslash === Sign.encoded;
      else if (code === SEMICOLON) isIgnored ||= parameters !== Sign.never;
      else if (code === ENCODED_SEMICOLON) isIgnored ||= parameters === Sign.encoded;
      else if (!isSeparator && !isIgnored) {
        dotCount++;
        hasEncodedDot ||= code === ENCODED_DOT;
      }
      if (!isSeparator) {
        // An encoded slash that separates nothing equals no character of a route.
        if (!isIgnored) read[end++] = code === ENCODED_SLASH ? NUL : code;
        continue;
      }

      const size = end - segment;
      const isDots = size > 0 && size <= 2 && size === dotCount && dots >= (hasEncodedDot ? Sign.encoded : Sign.plain);
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
      this.#hasOpenEnd = isDots && at === length && end > 1;
      segment = end;
      dotCount = 0;
      hasEncodedDot = isIgnored = false;
    }
    this.#end = end;
    this.#work += at;
  }
}

/** The traits that change readings. */
const READING_TRAITS = 0xff;

function traitsOf({ codes, length }: DecodedPath): number {
  let traits = 0;
  let isAfterSeparator = false;
  for (let at = 0; at < length; at++) {
    const code = codes[at]!;
    traits |= TRAITS[code]!;
    if (SPECIAL[code] === 0) {
      isAfterSeparator = false;
      continue;
    }
    const sign = code & 0xff;
    const isSeparator = sign === SLASH || sign === BACKSLASH;
    if (isAfterSeparator && (isSeparator || sign === SEMICOLON)) traits |= Trait.emptySegment;
    if (isAfterSeparator && code === DOT) traits |= Trait.dots;
    isAfterSeparator = isSeparator;
  }
  return traits;
}

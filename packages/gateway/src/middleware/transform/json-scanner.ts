/** Receives the tokens of a JSON text that the editor needs. Positions are those of the scanned bytes. */
export interface JsonTokens {
  /** The value of a member or element, or the text itself, begins at `at`. */
  onValue(at: number): void;
  /** A value ends before `at`. Everything that it contains has ended. */
  onValueEnd(at: number): void;
  /** An object or array begins: what it contains begins at `at`. */
  onOpen(at: number): void;
  /** The bracket at `at` ends an object or array. */
  onClose(at: number): void;
  /** The name of a member begins with the quotation mark at `at`. */
  onName(at: number): void;
  /** The name ends before `at`, with its quotation mark. */
  onNameEnd(at: number, isEscaped: boolean): void;
  /** The comma at `at` separates two members. */
  onComma(at: number): void;
}

/** The maximum number of objects and arrays around a value. */
export const JSON_DEPTH = 10_000;

/** What is to come, or a token in progress. */
const State = {
  start: 0,
  mark2: 1,
  mark3: 2,
  value: 3,
  firstElement: 4,
  firstName: 5,
  name: 6,
  colon: 7,
  /** After a member or an element. */
  next: 8,
  /** After the whole text. */
  done: 9,
  string: 10,
  escape: 11,
  hex1: 12,
  hex2: 13,
  hex3: 14,
  hex4: 15,
  word: 16,
  minus: 17,
  zero: 18,
  integer: 19,
  point: 20,
  fraction: 21,
  exponent: 22,
  exponentSign: 23,
  exponentDigits: 24,
} as const;
type State = (typeof State)[keyof typeof State];

const [HTAB, LF, CR, SP] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, POINT] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e];
const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const [ZERO, NINE, LETTER_E] = [0x30, 0x39, 0x65];
const LETTER_U = 0x75;
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const WORDS = new Map([Buffer.from("true"), Buffer.from("false"), Buffer.from("null")].map((word) => [word[0], word]));
/** UTF-8's byte order mark, which some programs write before a text. */
const MARK = [0xef, 0xbb, 0xbf] as const;

/**
 * Reads JSON texts (RFC 8259) that arrive in pieces, without recursion, and reports their tokens. It does not check
 * whether strings are valid UTF-8.
 */
export class JsonScanner {
  /** How many objects and arrays are open. */
  depth = 0;
  readonly #tokens: JsonTokens;
  readonly #isSequence: boolean;
  #state: State = State.start;
  /** By depth: whether it is an object. */
  #isObject = new Uint8Array(64);
  #inName = false;
  #isEscaped = false;
  /** The name of a constant, and how much of it has been read. */
  #word: Buffer = NOTHING;
  #letters = 0;

  /** @param isSequence whether several texts may follow each other, as in lines of JSON */
  constructor(tokens: JsonTokens, isSequence = false) {
    this.#tokens = tokens;
    this.#isSequence = isSequence;
  }

  /** Whether the innermost open container is an object. */
  get isInObject(): boolean {
    return this.#isObject[this.depth] === 1;
  }

  /** Whether the name of a member has begun and not ended. */
  get isInName(): boolean {
    return this.#inName;
  }

  /** Whether what has been read is complete, or there was nothing but white space. */
  get isComplete(): boolean {
    if (this.depth > 0) return false;
    const state = this.#state;
    const isBlank = state === State.start || state === State.value;
    return isBlank || state === State.done || isNumberEnd(state);
  }

  /**
   * Reads the bytes from `at` on.
   * @returns false if they cannot be a part of a valid text, or it is too deep
   */
  scan(bytes: Buffer, at: number): boolean {
    const end = bytes.length;
    while (at < end) {
      const state = this.#state;
      if (state === State.string) at = this.#readString(bytes, at, end);
      else if (state >= State.minus) at = this.#readNumber(bytes, at, end);
      else at = state <= State.done ? this.#readStructure(bytes[at]!, at) : this.#readLetter(bytes[at]!, at);
      if (at < 0) return false;
    }
    return true;
  }

  /** All functions that read: @returns where to go on; -1 for bytes that are not valid here. */
  #readStructure(byte: number, at: number): number {
    if (byte === SP || byte === LF || byte === CR || byte === HTAB) {
      if (this.#state === State.start) this.#state = State.value;
      return this.#state === State.mark2 || this.#state === State.mark3 ? -1 : at + 1;
    }
    switch (this.#state) {
      case State.start:
        if (byte !== MARK[0]) return this.#beginValue(byte, at);
        this.#state = State.mark2;
        return at + 1;
      case State.mark2:
        this.#state = State.mark3;
        return byte === MARK[1] ? at + 1 : -1;
      case State.mark3:
        this.#state = State.value;
        return byte === MARK[2] ? at + 1 : -1;
      case State.firstElement:
        return byte === ARRAY_END ? this.#close(at) : this.#beginValue(byte, at);
      case State.value:
        return this.#beginValue(byte, at);
      case State.firstName:
        return byte === OBJECT_END ? this.#close(at) : this.#beginName(byte, at);
      case State.name:
        return this.#beginName(byte, at);
      case State.colon:
        this.#state = State.value;
        return byte === COLON ? at + 1 : -1;
      case State.next:
        return this.#readNext(byte, at);
      default:
        return this.#isSequence ? this.#beginValue(byte, at) : -1;
    }
  }

  #readNext(byte: number, at: number): number {
    const { isInObject } = this;
    if (byte === COMMA) {
      if (isInObject) this.#tokens.onComma(at);
      this.#state = isInObject ? State.name : State.value;
      return at + 1;
    }
    return byte === (isInObject ? OBJECT_END : ARRAY_END) ? this.#close(at) : -1;
  }

  #beginName(byte: number, at: number): number {
    if (byte !== QUOTE) return -1;
    this.#tokens.onName(at);
    this.#inName = true;
    this.#isEscaped = false;
    this.#state = State.string;
    return at + 1;
  }

  #beginValue(byte: number, at: number): number {
    this.#tokens.onValue(at);
    if (byte === OBJECT || byte === ARRAY) return this.#open(byte === OBJECT, at + 1);
    if (byte === QUOTE) this.#state = State.string;
    else if (byte === MINUS) this.#state = State.minus;
    else if (byte === ZERO) this.#state = State.zero;
    else if (byte > ZERO && byte <= NINE) this.#state = State.integer;
    else {
      const word = WORDS.get(byte);
      if (word === undefined) return -1;
      this.#word = word;
      this.#letters = 1;
      this.#state = State.word;
    }
    return at + 1;
  }

  #open(isObject: boolean, at: number): number {
    if (this.depth === JSON_DEPTH) return -1;
    this.depth++;
    if (this.depth === this.#isObject.length) {
      const wider = new Uint8Array(2 * this.depth);
      wider.set(this.#isObject);
      this.#isObject = wider;
    }
    this.#isObject[this.depth] = isObject ? 1 : 0;
    this.#state = isObject ? State.firstName : State.firstElement;
    this.#tokens.onOpen(at);
    return at;
  }

  #close(at: number): number {
    this.#tokens.onClose(at);
    this.depth--;
    return this.#endValue(at + 1);
  }

  #endValue(at: number): number {
    this.#state = this.depth === 0 ? State.done : State.next;
    this.#tokens.onValueEnd(at);
    return at;
  }

  #readString(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let byte = 0;
    for (; at < end; at++) {
      byte = bytes[at]!;
      if (byte === QUOTE || byte === BACKSLASH || byte < SP) break;
    }
    if (at === end) return at;
    if (byte === BACKSLASH) {
      this.#isEscaped = true;
      this.#state = State.escape;
      return at + 1;
    }
    if (byte !== QUOTE) return -1;
    if (!this.#inName) return this.#endValue(at + 1);
    this.#inName = false;
    this.#state = State.colon;
    this.#tokens.onNameEnd(at + 1, this.#isEscaped);
    return at + 1;
  }

  /** Reads a letter of an escape or of a constant. */
  #readLetter(byte: number, at: number): number {
    const state = this.#state;
    if (state === State.word) {
      if (byte !== this.#word[this.#letters]) return -1;
      return ++this.#letters === this.#word.length ? this.#endValue(at + 1) : at + 1;
    }
    if (state === State.escape) {
      this.#state = byte === LETTER_U ? State.hex1 : State.string;
      return byte === LETTER_U || ESCAPED.has(byte) ? at + 1 : -1;
    }
    this.#state = state === State.hex4 ? State.string : ((state + 1) as State);
    return isHex(byte) ? at + 1 : -1;
  }

  #readNumber(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const next = afterDigitOrSign(this.#state, bytes[at]!);
      if (next === undefined) return isNumberEnd(this.#state) ? this.#endValue(at) : -1;
      this.#state = next;
    }
    return end;
  }
}

const NOTHING = Buffer.alloc(0);

function isNumberEnd(state: State): boolean {
  return state === State.zero || state === State.integer || state === State.fraction || state === State.exponentDigits;
}

/** The state after one more byte of a number; undefined: the byte does not belong to it. */
function afterDigitOrSign(state: State, byte: number): State | undefined {
  const isDigit = byte >= ZERO && byte <= NINE;
  switch (state) {
    case State.minus:
      return isDigit ? (byte === ZERO ? State.zero : State.integer) : undefined;
    case State.integer:
      if (isDigit) return state;
      break;
    case State.zero:
      break;
    case State.point:
      return isDigit ? State.fraction : undefined;
    case State.fraction:
      if (isDigit) return state;
      return (byte | SP) === LETTER_E ? State.exponent : undefined;
    case State.exponent:
      if (byte === PLUS || byte === MINUS) return State.exponentSign;
      return isDigit ? State.exponentDigits : undefined;
    default:
      return isDigit ? State.exponentDigits : undefined;
  }
  if (byte === POINT) return State.point;
  return (byte | SP) === LETTER_E ? State.exponent : undefined;
}

function isHex(byte: number): boolean {
  const letter = byte | SP;
  return (byte >= ZERO && byte <= NINE) || (letter >= 0x61 && letter <= 0x66);
}

import { grownTooMuch, TransformFault, type BodyEdit } from "./body-edit.js";
import { JsonScanner, type JsonTokens } from "./json-scanner.js";
import type { JsonChanges } from "./json-changes.js";

const NOTHING = Buffer.alloc(0);
const COMMA = Buffer.from(",");

/** White space between two members that is kept until it is clear whether the second one is removed, in bytes. */
export const MOST_JSON_SPACE = 16 * 1024;

/**
 * Adds, replaces and removes members of JSON texts. Everything else passes byte for byte: numbers, escapes, white space
 * and the order of members. What lies between two members is held until the name of the second one is known, because
 * the comma stays only if both stay. White space before a member belongs to it.
 */
export class JsonEditor implements BodyEdit, JsonTokens {
  readonly #changes: JsonChanges;
  readonly #scanner: JsonScanner;
  /** By depth: whether a member of the object has been passed on. */
  #hasMember: boolean[] = [];
  /** The depth of the object one of whose members is being dropped, or its value; -1: everything is passed on. */
  #droppedAt = -1;
  /** What takes the place of the value that comes next. */
  #replacement: Buffer | undefined;
  /** Names of members to add that have not occurred. */
  #missing: Set<string>;
  /** What is held, between two pieces. */
  #held: Buffer = NOTHING;
  /** The bytes that are being scanned, and from where on they have not been passed on. */
  #bytes: Buffer = NOTHING;
  #from = 0;
  /** Where in these bytes that begins which is held; -1: nothing is held. */
  #heldFrom = -1;
  /** The comma in it; -1: it has none. */
  #commaAt = -1;
  #nameAt = 0;
  #passed: Buffer[] = [];
  #passedBytes = 0;
  #most = 0;

  /** @param isSequence whether several texts may follow each other, as in lines of JSON */
  constructor(changes: JsonChanges, isSequence = false) {
    this.#changes = changes;
    this.#scanner = new JsonScanner(this, isSequence);
    this.#missing = new Set(changes.added.keys());
  }

  write(piece: Buffer, most: number): Buffer {
    const held = this.#held.length;
    this.#bytes = held === 0 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = NOTHING;
    this.#from = 0;
    this.#most = most;
    if (!this.#scanner.scan(this.#bytes, held)) throw notJson();
    this.#endPiece();
    this.#bytes = NOTHING;
    const passed = this.#passed;
    this.#passed = [];
    this.#passedBytes = 0;
    return passed.length === 1 ? passed[0]! : Buffer.concat(passed);
  }

  end(): Buffer {
    if (!this.#scanner.isComplete) throw notJson();
    return NOTHING;
  }

  // ---- JsonTokens

  onOpen(at: number): void {
    const { depth, isInObject } = this.#scanner;
    if (!isInObject) return;
    this.#hasMember[depth] = false;
    this.#hold(at);
  }

  onClose(): void {
    if (this.#heldFrom < 0) return;
    if (this.#scanner.depth === 1) this.#addMissing();
    this.#heldFrom = -1;
  }

  onComma(at: number): void {
    this.#commaAt = at;
  }

  onName(at: number): void {
    this.#nameAt = at;
  }

  onNameEnd(at: number, isEscaped: boolean): void {
    if (this.#heldFrom < 0) return;
    const changes = this.#changes;
    const name = changes.known(this.#bytes, this.#nameAt + 1, at - 1, isEscaped);
    if (name === undefined) return this.#keepMember();
    if (this.#scanner.depth === 1 && changes.added.has(name)) {
      // Of several members with this name, only the first one is left.
      if (!this.#missing.delete(name)) return this.#dropMember();
      this.#replacement = changes.added.get(name);
      return this.#keepMember();
    }
    if (changes.removed.has(name)) this.#dropMember();
    else this.#keepMember();
  }

  onValue(at: number): void {
    if (this.#scanner.depth === 0) this.#missing = new Set(this.#changes.added.keys());
    const replacement = this.#replacement;
    if (replacement === undefined) return;
    this.#replacement = undefined;
    this.#passUntil(at);
    this.#pass(replacement);
    this.#droppedAt = this.#scanner.depth;
  }

  onValueEnd(at: number): void {
    const { depth, isInObject } = this.#scanner;
    if (depth === this.#droppedAt) {
      this.#droppedAt = -1;
      this.#from = at;
    }
    if (depth > 0 && isInObject) this.#hold(at);
  }

  // ----

  /** Holds what follows, if the member after it may be removed, or members may be added. */
  #hold(at: number): void {
    const { removed, added } = this.#changes;
    const mayChange = removed.size > 0 || (added.size > 0 && this.#scanner.depth === 1);
    if (!mayChange || this.#droppedAt >= 0) return;
    this.#heldFrom = at;
    this.#commaAt = -1;
  }

  #keepMember(): void {
    const { depth } = this.#scanner;
    if (this.#commaAt >= 0 && this.#hasMember[depth] !== true) {
      this.#passUntil(this.#commaAt);
      this.#from = this.#commaAt + 1;
    }
    this.#hasMember[depth] = true;
    this.#heldFrom = -1;
  }

  #dropMember(): void {
    this.#passUntil(this.#heldFrom);
    this.#heldFrom = -1;
    this.#droppedAt = this.#scanner.depth;
  }

  #addMissing(): void {
    for (const name of this.#missing) {
      this.#passUntil(this.#heldFrom);
      if (this.#hasMember[1] === true) this.#pass(COMMA);
      this.#hasMember[1] = true;
      this.#pass(this.#changes.member(name));
    }
    this.#missing.clear();
  }

  #endPiece(): void {
    const { length } = this.#bytes;
    if (this.#droppedAt >= 0) return;
    const { longestName } = this.#changes;
    const isOtherName = this.#scanner.isInName && length - this.#nameAt - 1 > longestName;
    if (this.#heldFrom >= 0 && isOtherName) this.#keepMember();
    this.#passUntil(this.#heldFrom < 0 ? length : this.#heldFrom);
    if (this.#heldFrom < 0) return;
    this.#held = Buffer.from(this.#bytes.subarray(this.#heldFrom));
    if (this.#held.length > MOST_JSON_SPACE + longestName) throw notJson();
    if (this.#commaAt >= 0) this.#commaAt -= this.#heldFrom;
    this.#nameAt -= this.#heldFrom;
    this.#heldFrom = 0;
  }

  #passUntil(end: number): void {
    if (end > this.#from) this.#pass(this.#bytes.subarray(this.#from, end));
    this.#from = end;
  }

  #pass(bytes: Buffer): void {
    this.#passedBytes += bytes.length;
    if (this.#passedBytes > this.#most) throw grownTooMuch();
    this.#passed.push(bytes);
  }
}

function notJson(): TransformFault {
  return new TransformFault("form", "the body is not valid JSON, or has too many levels");
}

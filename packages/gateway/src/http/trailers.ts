import { Field, fieldSet } from "./field-name.js";
import { FieldSection, type HeadLimits } from "./field-section.js";
import { parseCodings } from "./list.js";
import { LF } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";

/**
 * Fields that change how a message is interpreted or which client may send it. They are not allowed after the body (RFC
 * 9110 6.5.1).
 */
const HEAD_ONLY: ReadonlySet<string> = new Set(
  `age authorization cache-control content-encoding content-range content-type cookie date expires if-match if-modified-since
   if-none-match if-range if-unmodified-since location max-forwards pragma range retry-after set-cookie trailer vary warning
   www-authenticate`.split(/\s+/),
);

/** Fields with a meaning to the gateway (framing, routing, connection, identity) are never trailers. */
const DROPPED = ~fieldSet(Field.other);

const NOTHING = Buffer.alloc(0);

/** Whose trailers are read. */
export interface TrailerOwner {
  /** Names, in lower case, of fields that have a meaning for this message: they are no trailers, in any spelling. */
  readonly claimedNames: readonly string[];
}

/** Trailers are read and copied within one call, so one section is enough. */
const SECTION = new FieldSection();

/** The field lines after the last chunk, up to the blank line (RFC 9112 7.1.2), in pieces of any size. Reused. */
export class Trailers {
  refusal: Refusal | undefined = undefined;
  /** The lines to pass on, once all are read; empty when there are none. */
  kept: Buffer = NOTHING;

  readonly #limits: HeadLimits;
  readonly #owner: TrailerOwner | undefined;
  /** Bytes of earlier pieces, and their number. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;

  constructor(limits: HeadLimits, owner?: TrailerOwner) {
    this.#limits = limits;
    this.#owner = owner;
  }

  begin(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
    this.kept = NOTHING;
  }

  /**
   * @returns the position after the blank line; 0 when it lies beyond `end` (the piece was copied); -1 when refused.
   */
  read(bytes: Buffer, start: number, end: number): number {
    const before = this.#heldBytes;
    if (before > 0) this.#hold(bytes, start, end);
    const source = before > 0 ? this.#held : bytes;
    const from = before > 0 ? 0 : start;
    const until = before > 0 ? this.#heldBytes : end;
    const limit = from + this.#limits.bytes;
    // Lines are read again only when another line may be complete, so that one-byte pieces cost no more than large
    // ones.
    if (before > 0 && until < limit && !bytes.subarray(start, end).includes(LF)) return 0;

    const next = SECTION.read(source, from, Math.min(until, limit), this.#limits.fields);
    if (next < 0) return this.#refuse(SECTION.refusal!);
    if (next === 0) {
      if (until >= limit) return this.#refuse(refusals.PN_HTTP_TRAILERS_TOO_LARGE);
      if (before === 0) this.#hold(bytes, start, end);
      return 0;
    }
    this.#keep(source, from);
    return start + (next - from) - before;
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const length = this.#heldBytes + end - start;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = length;
  }

  #keep(source: Buffer, from: number): void {
    for (let n = 0; n < SECTION.count; n++) {
      const name = SECTION.name(source, n);
      if (HEAD_ONLY.has(name.replaceAll("_", "-"))) SECTION.demote(source, name);
    }
    for (const name of this.#owner?.claimedNames ?? []) SECTION.claimIdentity(source, name);
    SECTION.gather(from, DROPPED);
    if (SECTION.spanBytes === 0) return;
    this.kept = Buffer.allocUnsafe(SECTION.spanBytes);
    SECTION.copyTo(this.kept, 0, source);
  }

  #refuse(refusal: Refusal): number {
    this.refusal = refusal === refusals.PN_HTTP_HEAD_TOO_LARGE ? refusals.PN_HTTP_TRAILERS_TOO_LARGE : refusal;
    return -1;
  }
}

/**
 * Whether the TE fields of a request accept trailers in the response (RFC 9110 10.1.4). A malformed list accepts none.
 */
export function acceptsTrailers(fields: FieldSection, bytes: Buffer): boolean {
  let accepts = false;
  for (let n = fields.find(Field.te); n >= 0; n = fields.find(Field.te, n + 1)) {
    const codings = parseCodings(fields.value(bytes, n));
    if (codings === undefined) return false;
    accepts ||= codings.includes("trailers");
  }
  return accepts;
}

/** One element of a DER encoding (X.690). */
export interface DerElement {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

/** The elements that stand one after the other in `bytes`. @throws RangeError when they are cut off or not DER. */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    let from = at + 2;
    if (length > 127) {
      const size = length & 127;
      // No file that is read here has four gigabytes.
      if (size === 0 || size > 4) throw new RangeError("a length is not DER");
      length = bytes.readUIntBE(from, size);
      from += size;
    }
    const to = from + length;
    if (to > bytes.length) throw new RangeError("an element is cut off");
    elements.push({ tag, whole: bytes.subarray(at, to), content: bytes.subarray(from, to) });
    at = to;
  }
  return elements;
}

export const DerTag = { INTEGER: 2, SEQUENCE: 0x30, UTC_TIME: 0x17, GENERALIZED_TIME: 0x18, VERSION: 0xa0 } as const;

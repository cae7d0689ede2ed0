/** One element of a DER encoding (X.690). */
export interface DerElement {
  readonly tag: number;
  /** Including tag and length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

/** Splits `bytes` into consecutive elements. @throws RangeError when they are truncated or not DER. */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    let from = at + 2;
    if (length > 127) {
      const size = length & 127;
      // Four bytes are enough: no file is larger than 4 GB.
      if (size === 0 || size > 4) throw new RangeError("invalid DER length");
      length = bytes.readUIntBE(from, size);
      from += size;
    }
    const to = from + length;
    if (to > bytes.length) throw new RangeError("truncated DER element");
    elements.push({ tag, whole: bytes.subarray(at, to), content: bytes.subarray(from, to) });
    at = to;
  }
  return elements;
}

export const DerTag = { INTEGER: 2, SEQUENCE: 0x30, UTC_TIME: 0x17, GENERALIZED_TIME: 0x18, VERSION: 0xa0 } as const;

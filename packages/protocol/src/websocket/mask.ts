/** From this length on, in bytes, unmasking by words is faster, although it needs preparation. */
const LONG = 64;

/** A key in this machine's order of bytes, and beginning with the octet that its first word needs. */
const rotated = new Uint32Array(1);
const octets = new Uint8Array(rotated.buffer);

/**
 * Unmasks `bytes` in place (RFC 6455, section 5.3). The highest byte of `key` is its first octet. `offset` is the
 * position of `bytes` in the frame's payload. With the all-zero key there is nothing to do.
 */
export function unmask(bytes: Buffer, key: number, offset: number): void {
  if (key === 0) return;
  const { length } = bytes;
  let at = 0;
  if (length >= LONG) {
    while ((bytes.byteOffset + at) % 4 !== 0) unmaskByte(bytes, at, key, offset + at++);
    for (let index = 0; index < 4; index++) octets[index] = octetsFrom(key, offset + at + index);
    const word = rotated[0] as number;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, (length - at) >>> 2);
    for (let index = 0; index < words.length; index++) words[index] = (words[index] as number) ^ word;
    at += words.length * 4;
  }
  for (; at < length; at++) unmaskByte(bytes, at, key, offset + at);
}

function unmaskByte(bytes: Buffer, at: number, key: number, offset: number): void {
  bytes[at] = (bytes[at] as number) ^ octetsFrom(key, offset);
}

/** The octet of `key` for this position in the payload, in the lowest byte. Higher bytes have no meaning. */
function octetsFrom(key: number, offset: number): number {
  return key >>> (24 - 8 * (offset & 3));
}

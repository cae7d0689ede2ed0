/** From this length on, in bytes, unmasking by words is faster, although it needs preparation. */
const LONG = 64;

/**
 * Unmasks `bytes` in place (RFC 6455, section 5.3). `offset` is their position in the frame's payload.
 * With the all-zero key there is nothing to do.
 */
export function unmask(bytes: Buffer, key: Uint8Array, offset: number): void {
  if ((key[0] as number) === 0 && key[1] === 0 && key[2] === 0 && key[3] === 0) return;
  const { length } = bytes;
  let at = 0;
  if (length >= LONG) {
    while ((bytes.byteOffset + at) % 4 !== 0) unmaskByte(bytes, at, key, offset + at++);
    const rotated = Uint8Array.from({ length: 4 }, (_, index) => key[(offset + at + index) & 3] as number);
    const word = new Uint32Array(rotated.buffer)[0] as number;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, (length - at) >>> 2);
    for (let index = 0; index < words.length; index++) words[index] = (words[index] as number) ^ word;
    at += words.length * 4;
  }
  for (; at < length; at++) unmaskByte(bytes, at, key, offset + at);
}

function unmaskByte(bytes: Buffer, at: number, key: Uint8Array, offset: number): void {
  bytes[at] = (bytes[at] as number) ^ (key[offset & 3] as number);
}

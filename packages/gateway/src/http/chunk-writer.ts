const CRLF = Buffer.from("\r\n");

/** `content` as one chunk (RFC 9112, section 7.1). It must not be empty: that would end the body. */
export function writeChunk(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`, "latin1"), content, CRLF]);
}

/** The last chunk, and trailers: complete field lines, each with its CRLF. */
export function writeLastChunk(trailers: Buffer): Buffer {
  return Buffer.concat([Buffer.from("0\r\n"), trailers, CRLF]);
}

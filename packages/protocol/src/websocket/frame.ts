/** WebSocket frames: RFC 6455, sections 5.2 and 7.4. */

export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

export const CloseCode = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Never on the wire: the close frame has no code. */
  NONE: 1005,
  /** Never on the wire: there is no close frame. */
  ABNORMAL: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  TOO_BIG: 1009,
} as const;

/** The side of the connection: a client masks its frames, a server does not. */
export type WebSocketRole = "server" | "client";

const FIN = 0x80;
const MASKED = 0x80;

/**
 * Writes the header of an unfragmented frame directly before its payload, which is `bytes` from `start` to the end. A
 * client masks with the all-zero key: that is legal and leaves the payload unchanged. Returns the offset of the header.
 */
export function writeHeader(bytes: Buffer, start: number, opcode: Opcode, role: WebSocketRole): number {
  const length = bytes.length - start;
  let at = start;
  let masked = 0;
  if (role === "client") {
    at -= 4;
    masked = MASKED;
    bytes[at] = bytes[at + 1] = bytes[at + 2] = bytes[at + 3] = 0;
  }
  if (length < 126) bytes[--at] = masked | length;
  else if (length < 0x1_0000) {
    at -= 2;
    bytes.writeUInt16BE(length, at);
    bytes[--at] = masked | 126;
  } else {
    at -= 8;
    bytes.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at);
    bytes.writeUInt32BE(length >>> 0, at + 4);
    bytes[--at] = masked | 127;
  }
  bytes[--at] = FIN | opcode;
  return at;
}

/** Whether a close frame may carry `code`: RFC 6455, section 7.4, and the IANA registry. */
export function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code < 5000);
}

/** The frame header and the frame types: PROTOCOL.md, section 2. */

export const HEADER_SIZE = 8;
/** Largest payload of a frame, in bytes. Together with its header the frame has 64 KiB. */
export const MAX_PAYLOAD = 65_536 - HEADER_SIZE;

export const FrameType = {
  CONTROL: 0x01,
  PING: 0x02,
  PONG: 0x03,
  GOAWAY: 0x04,
  ACK: 0x05,
  OPEN: 0x10,
  DATA: 0x11,
  WINDOW: 0x12,
  FIN: 0x13,
  RESET: 0x14,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const Flag = {
  /** DATA: the sender has more bytes, but the stream's window ends here. */
  BLOCKED: 0x01,
  /** OPEN: the stream's request may be one of the client's own probes. */
  PROBE: 0x01,
  /** Any sequenced frame: the receiver acknowledges at the end of this turn. */
  ACK_NOW: 0x80,
} as const;

/** Whether frames of this type are sequenced: PROTOCOL.md, section 6. */
export function isSequenced(type: number): boolean {
  return type >= FrameType.OPEN;
}

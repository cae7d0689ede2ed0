/**
 * Bytes before a message that the transport may use. The longest header of a WebSocket frame needs this many (RFC 6455,
 * section 5.2).
 */
export const HEADROOM = 14;

/** Carries a session's messages: a WebSocket, or a pair of queues in a test. */
export interface Transport {
  handler: TransportHandler;
  /**
   * Sends one binary message: `batch` from `start` to its end. The transport may overwrite the bytes before `start`, at
   * least HEADROOM of them, so that its header and the message are sent in one write.
   * @returns whether the memory may be reused now. If not, the bytes must not change before `onSent`.
   */
  send(batch: Buffer, start: number): boolean;
  /** Bytes accepted by `send` that the kernel has not taken yet. `onDrain` follows when it has taken them. */
  readonly buffered: number;
  /** Closes with a WebSocket close code (RFC 6455, section 7.4); `onClose` follows. Can be called twice. */
  close(code: number, reason: string): void;
  /** Closes at once, without a closing handshake; `onClose` follows. */
  terminate(): void;
  /** Continues to read after `onPaused`. */
  resume(): void;
}

export interface TransportHandler {
  /** Whether the transport stops reading now, because the peer has used up its share of this turn's work. */
  readonly isBusy: boolean;
  /**
   * The next bytes of a message. `last` is true for the piece that ends the message, which may be empty. The bytes are
   * valid only during the call: code that keeps them must copy them.
   * @returns the number of bytes used. If it is less than their number, the transport stops reading, and passes the
   * others again after `resume`.
   */
  onMessage(piece: Buffer, last: boolean): number;
  /** The transport stopped reading although there are more bytes. Call `resume` in a later turn. */
  onPaused(): void;
  /** The transport received a message of its own: a WebSocket ping or pong. It answers after this call. */
  onControlFrame(): void;
  /** A batch for which `send` returned false is sent: its memory may be reused. */
  onSent?(batch: Buffer): void;
  onDrain(): void;
  onClose(code: number, reason: string): void;
}

/** The handler of a transport without a session: it ignores everything. */
export const NO_SESSION: TransportHandler = {
  isBusy: false,
  onMessage: ({ length }) => length,
  onPaused() {},
  onControlFrame() {},
  onDrain() {},
  onClose() {},
};

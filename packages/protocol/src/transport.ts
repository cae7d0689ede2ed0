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
   * @returns whether the kernel has taken all of it. If not, the bytes must not change afterwards.
   */
  send(batch: Buffer, start: number): boolean;
  /** Bytes accepted by `send` that the kernel has not taken yet. `onDrain` follows when it has taken them. */
  readonly buffered: number;
  /** Closes with a WebSocket close code (RFC 6455, section 7.4); `onClose` follows. Can be called twice. */
  close(code: number, reason: string): void;
  /** Closes at once, without a closing handshake; `onClose` follows. */
  terminate(): void;
}

export interface TransportHandler {
  /**
   * The next bytes of a message. `last` is true for the piece that ends the message, which may be empty. The bytes are
   * valid only during the call: code that keeps them must copy them.
   */
  onMessage(piece: Buffer, last: boolean): void;
  onDrain(): void;
  onClose(code: number, reason: string): void;
}

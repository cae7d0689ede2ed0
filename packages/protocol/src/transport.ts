/** Bytes before a message that are the transport's own: the longest header of a WebSocket frame (RFC 6455, section 5.2). */
export const HEADROOM = 14;

/** What carries a session's messages: a WebSocket, or a pair of queues in a test. */
export interface Transport {
  handler: TransportHandler;
  /**
   * Sends one binary message: `batch` from `start` to its end. Of what is before `start`, at least HEADROOM bytes, the
   * transport makes what it likes, so that its header and the message leave as one.
   * @returns whether the kernel has all of it already; otherwise the bytes must not change afterwards.
   */
  send(batch: Buffer, start: number): boolean;
  /** Bytes accepted by `send` that the socket has not taken yet. `onDrain` follows when they are gone. */
  readonly buffered: number;
  /** Closes with a WebSocket close code (RFC 6455, section 7.4); `onClose` follows. Can be called twice. */
  close(code: number, reason: string): void;
  /** Ends it at once, without a closing handshake; `onClose` follows. */
  terminate(): void;
}

export interface TransportHandler {
  /** Bytes of a message, as they come; `last` with those that end it, which may be none. They may be kept. */
  onMessage(piece: Buffer, last: boolean): void;
  onDrain(): void;
  onClose(code: number, reason: string): void;
}

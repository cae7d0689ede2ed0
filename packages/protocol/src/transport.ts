/** What carries a session's messages: a WebSocket, or a pair of queues in a test. */
export interface Transport {
  handler: TransportHandler;
  /** Sends one binary message. The bytes must not change afterwards. */
  send(message: Buffer): void;
  /** Bytes accepted by `send` that the socket has not taken yet. `onDrain` follows when they are gone. */
  readonly buffered: number;
  /** Closes with a WebSocket close code (RFC 6455, section 7.4); `onClose` follows. Can be called twice. */
  close(code: number, reason: string): void;
  /** Ends it at once, without a closing handshake; `onClose` follows. */
  terminate(): void;
}

export interface TransportHandler {
  onMessage(message: Buffer): void;
  onDrain(): void;
  onClose(code: number, reason: string): void;
}

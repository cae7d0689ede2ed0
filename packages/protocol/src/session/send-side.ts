import { SendQueue } from "./send-queue.js";

export interface SendSideOwner {
  /** The sender took bytes from the queue. */
  onDequeued(): void;
}

/**
 * The sending direction of one stream: queued bytes, sent bytes, and the bytes that the peer's window still accepts.
 */
export class SendSide {
  readonly id: number;
  readonly queue = new SendQueue();
  /** Bytes sent. */
  sent = 0;
  /** The offset up to which the peer accepts bytes. */
  limit: number;
  /** Whether the stream is in the sender's round, waiting for its turn. */
  inRound = false;
  /** The session's count of sent bytes after this stream's last frame. */
  mark = 0;
  readonly owner: SendSideOwner;

  constructor(id: number, limit: number, owner: SendSideOwner) {
    this.id = id;
    this.limit = limit;
    this.owner = owner;
  }

  /** Bytes that the peer's window still accepts. */
  get credit(): number {
    return this.limit - this.sent;
  }
}

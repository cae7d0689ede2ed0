import type { ErrorCode, TunnelError } from "../errors.js";
import type { ControlMessage } from "../wire/control.js";
import type { Stream } from "./stream.js";

/** Events of a session. The owner may close the session in any of them. */
export interface SessionHandler {
  /** The peer opened a stream; set its handler before returning. `probe`: OPEN had the flag PROBE. */
  onStream(stream: Stream, probe: boolean): void;
  onControl(message: ControlMessage): void;
  /** The peer is draining: it accepts no new streams. `retryAfter` in milliseconds; 0: no hint. */
  onGoAway(code: ErrorCode, retryAfter: number, reason: string): void;
  /** A heartbeat was answered after `roundTrip` milliseconds. */
  onPong(roundTrip: number): void;
  /** The last open stream has closed. */
  onStreamsOver(): void;
  /** The session has ended. Its streams were reset before this call. */
  onClose(reason: TunnelError): void;
}

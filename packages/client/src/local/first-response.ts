import type { ConnectionHandler } from "@postern/net";
import type { LocalService } from "./local-service.js";

/** The type of a TLS record that contains an alert, and the major version of every record (RFC 8446, section 5.1). */
const [ALERT, VERSION] = [21, 3];

export interface FirstResponseEvents {
  /** The service does not use TLS, or that is unknown. The connection's own handler gets all further events. */
  onPlain(): void;
  /** The service uses TLS. */
  onTls(): void;
}

/**
 * Handles a plain connection to the local service until its first byte, to find out whether the service expects TLS. It
 * does if it sends an alert. If it closes the connection without a byte, the service is checked first.
 */
export class FirstResponse implements ConnectionHandler {
  readonly #next: ConnectionHandler;
  readonly #service: LocalService;
  readonly #events: FirstResponseEvents;
  #hasEnded = false;
  #hasClosed = false;
  #isChecking = false;

  /** @param next the connection's own handler. */
  constructor(next: ConnectionHandler, service: LocalService, events: FirstResponseEvents) {
    this.#next = next;
    this.#service = service;
    this.#events = events;
  }

  onData(chunk: Buffer): void {
    if (chunk[0] === ALERT && (chunk.length === 1 || chunk[1] === VERSION)) return this.#events.onTls();
    this.#service.isPlain = true;
    this.#events.onPlain();
    this.#next.onData(chunk);
  }

  onDrain(): void {
    this.#next.onDrain();
  }

  onEnd(): void {
    this.#hasEnded = true;
    this.#check();
  }

  onClose(): void {
    this.#hasClosed = true;
    this.#check();
  }

  #check(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    void this.#service.usesTls().then((usesTls) => {
      if (usesTls) this.#events.onTls();
      else this.#events.onPlain();
      if (this.#hasEnded && !usesTls) this.#next.onEnd();
      if (this.#hasClosed) this.#next.onClose();
    });
  }
}

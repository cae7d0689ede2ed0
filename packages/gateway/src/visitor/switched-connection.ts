import type { ConnectionHandler } from "@postern/net";

/** The parts of a visitor that its connection uses after a protocol switch. */
export interface SwitchedVisitor {
  /** Bytes of the visitor have been passed to the relay. */
  onRelayed(): void;
  onFault(error: unknown): void;
  onClose(): void;
}

/**
 * Handles a visitor's connection after a protocol switch. The relay is not the handler itself, because errors are still
 * caught, and the visitor reports the close to its host.
 */
export class SwitchedConnection implements ConnectionHandler {
  readonly #relay: ConnectionHandler;
  readonly #visitor: SwitchedVisitor;

  constructor(relay: ConnectionHandler, visitor: SwitchedVisitor) {
    this.#relay = relay;
    this.#visitor = visitor;
  }

  onData(chunk: Buffer): void {
    try {
      this.#relay.onData(chunk);
      this.#visitor.onRelayed();
    } catch (error) {
      this.#visitor.onFault(error);
    }
  }

  onDrain(): void {
    try {
      this.#relay.onDrain();
    } catch (error) {
      this.#visitor.onFault(error);
    }
  }

  /** The two directions close separately. */
  onEnd(): void {
    this.#relay.onEnd();
  }

  onClose(): void {
    this.#relay.onClose();
    this.#visitor.onClose();
  }
}

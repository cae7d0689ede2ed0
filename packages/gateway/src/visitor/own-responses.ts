export const PIPELINE_LIMITS = {
  /** Responses of the gateway's own to pipelined requests of one connection in one turn of the event loop. */
  perTurn: 16,
  /** Responses of the gateway's own to pipelined requests of one connection, unless the peer is a trusted proxy. */
  perConnection: 100,
} as const;

/**
 * Counts the gateway's own responses on one connection. A visitor can pipeline thousands of requests in one packet, and
 * these responses do not have to wait for an origin.
 */
export class OwnResponses {
  /** Whether the current request arrived before the response to an earlier one was complete. */
  isPipelined = false;
  readonly #isProxied: boolean;
  #pipelined = 0;
  /** Responses since the connection last waited for the end of a turn, or for a request. */
  #inTurn = 0;

  /** @param isProxied whether the peer is a trusted proxy, whose requests come from many visitors. */
  constructor(isProxied: boolean) {
    this.#isProxied = isProxied;
  }

  count(): void {
    this.countFile();
    if (this.isPipelined) this.#pipelined++;
  }

  /** A file counts only within its turn: a visitor may want any number of them. */
  countFile(): void {
    this.#inTurn = this.isPipelined ? this.#inTurn + 1 : 1;
  }

  /** Whether the next request has to wait for the end of this turn. */
  get isTurnFull(): boolean {
    return this.#inTurn >= PIPELINE_LIMITS.perTurn;
  }

  /** The connection has waited for the end of a turn. */
  endTurn(): void {
    this.#inTurn = 0;
  }

  /** Whether the connection closes after this response. */
  get isFull(): boolean {
    return !this.#isProxied && this.#pipelined >= PIPELINE_LIMITS.perConnection;
  }
}

/** Milliseconds between two messages about faults of one kind. */
const INTERVAL = 60_000;

interface Reported {
  at: number;
  /** Faults since then. */
  omitted: number;
}

/** Reports to the owner why messages are refused: once a minute for each kind of reason, and how many more. */
export class FaultReports {
  readonly #onWarning: ((text: string) => void) | undefined;
  readonly #reported = new Map<string, Reported>();

  /** @param onWarning undefined: nothing is reported */
  constructor(onWarning: ((text: string) => void) | undefined) {
    this.#onWarning = onWarning;
  }

  /**
   * @param kind of the reason: there are only a few
   * @param message complete sentences
   * @param now in milliseconds
   */
  report(kind: string, message: string, now: number): void {
    const last = this.#reported.get(kind);
    if (last !== undefined && now - last.at < INTERVAL) {
      last.omitted++;
      return;
    }
    this.#reported.set(kind, { at: now, omitted: 0 });
    const more = last === undefined || last.omitted === 0 ? "" : ` There were ${last.omitted} more for this reason.`;
    this.#onWarning?.(message + more);
  }
}

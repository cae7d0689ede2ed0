import type { FaultKind, SignatureFault } from "../../webhook-signatures/index.js";

/** Milliseconds between two messages about faults of one kind. */
const INTERVAL = 60_000;

interface Reported {
  at: number;
  /** Faults since then. */
  omitted: number;
}

/** Tells the owner why requests are refused: of each kind of reason one a minute, and the number of the others. */
export class FaultReports {
  readonly #route: string | undefined;
  readonly #onWarning: (text: string) => void;
  readonly #reported = new Map<FaultKind, Reported>();

  constructor(route: string | undefined, onWarning: (text: string) => void) {
    this.#route = route;
    this.#onWarning = onWarning;
  }

  /** @param now in milliseconds */
  report({ kind, text }: SignatureFault, address: string, now: number): void {
    const last = this.#reported.get(kind);
    if (last !== undefined && now - last.at < INTERVAL) {
      last.omitted++;
      return;
    }
    this.#reported.set(kind, { at: now, omitted: 0 });
    const where = this.#route === undefined ? "" : ` for ${this.#route}`;
    const more = last === undefined || last.omitted === 0 ? "" : ` There were ${last.omitted} more for this reason.`;
    this.#onWarning(`A webhook${where} from ${address} was refused: ${text}.${more}`);
  }
}

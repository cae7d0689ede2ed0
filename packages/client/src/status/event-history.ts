import type { StatusEvent } from "./status-document.js";

/** The number of events that a process keeps. */
export const EVENTS_KEPT = 1_000;

/** An event with its number in this process. The first number is 1. */
export type NumberedEvent = StatusEvent & { id: number };

/** Which events to select. */
export interface EventFilter {
  types?: ReadonlySet<string>;
  endpoint?: string;
  /** Not before this Unix time in milliseconds. */
  since?: number;
  /** With a higher number than this. */
  after?: number;
}

/** The last events of a process, oldest first. */
export class EventHistory {
  readonly #events: NumberedEvent[] = [];
  readonly #max: number;
  #last = 0;

  constructor(max = EVENTS_KEPT) {
    this.#max = max;
  }

  /** The number of the last event; 0 if there is none. */
  get last(): number {
    return this.#last;
  }

  add(event: StatusEvent): NumberedEvent {
    const numbered = { id: ++this.#last, ...event };
    this.#events.push(numbered);
    // Removed in bulk, so that the cost of an event does not depend on the number of kept events.
    if (this.#events.length >= 2 * this.#max) this.#events.splice(0, this.#events.length - this.#max);
    return numbered;
  }

  select(filter: EventFilter = {}): NumberedEvent[] {
    return this.#events.slice(-this.#max).filter((event) => matches(event, filter));
  }
}

/** Whether a filter selects an event. */
export function matches(event: NumberedEvent, { types, endpoint, since, after }: EventFilter): boolean {
  return (
    (types === undefined || types.has(event.type)) &&
    (endpoint === undefined || event.endpoint === endpoint) &&
    (since === undefined || Date.parse(event.time) >= since) &&
    (after === undefined || event.id > after)
  );
}

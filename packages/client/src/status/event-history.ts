import type { StatusEvent } from "./status-document.js";

/** How many events a process remembers. */
export const EVENTS_KEPT = 1_000;

/** An event with its number in this process, from 1 on. */
export interface NumberedEvent extends StatusEvent {
  id: number;
}

/** Which events are wanted; what is not said does not matter. */
export interface EventFilter {
  types?: ReadonlySet<string>;
  endpoint?: string;
  /** Not before this time, in milliseconds since 1970. */
  since?: number;
  /** Only those with a higher number. */
  after?: number;
}

/** The last events of a process, the oldest first. */
export class EventHistory {
  readonly #events: NumberedEvent[] = [];
  readonly #most: number;
  #last = 0;

  constructor(most = EVENTS_KEPT) {
    this.#most = most;
  }

  /** The number of the last event; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  add(event: StatusEvent): NumberedEvent {
    const numbered = { id: ++this.#last, ...event };
    this.#events.push(numbered);
    // Taken out in bulk, so that an event costs the same however many are kept.
    if (this.#events.length >= 2 * this.#most) this.#events.splice(0, this.#events.length - this.#most);
    return numbered;
  }

  select(filter: EventFilter = {}): NumberedEvent[] {
    return this.#events.slice(-this.#most).filter((event) => matches(event, filter));
  }
}

/** Whether an event is wanted. */
export function matches(event: NumberedEvent, { types, endpoint, since, after }: EventFilter): boolean {
  return (
    (types === undefined || types.has(event.type)) &&
    (endpoint === undefined || event.endpoint === endpoint) &&
    (since === undefined || Date.parse(event.time) >= since) &&
    (after === undefined || event.id > after)
  );
}

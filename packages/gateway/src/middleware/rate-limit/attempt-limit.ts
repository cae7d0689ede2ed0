import { refusals, type Refusal } from "../../http/index.js";
import { countRequest, RateTable, waitOf, type Rate, type RateEntry } from "./rate-table.js";
import type { SharedRoom } from "../../shared-room/shared-room.js";
import { visitorKey } from "./visitor-key.js";

/** Limits how often each visitor may fail to prove who it is. */
export class AttemptLimit {
  readonly #rate: Rate;
  readonly #visitors: RateTable;

  /** @param room bounds what is kept together with others */
  constructor(rate: Rate, room?: SharedRoom) {
    this.#rate = rate;
    this.#visitors = new RateTable(undefined, room);
  }

  /** Why a visitor may not try again; undefined: it may. */
  refusalOf(address: string, now: number): Refusal | undefined {
    const entry = this.#visitors.find(visitorKey(address));
    return entry === undefined ? undefined : this.#refusalOf(entry, now);
  }

  /** The entry of a visitor that may try again, or why it may not. */
  admit(address: string, now: number): RateEntry | Refusal {
    const entry = this.#visitors.entry(visitorKey(address), now, this.#rate.interval);
    return entry === undefined ? refusals.PN_OVERLOADED : (this.#refusalOf(entry, now) ?? entry);
  }

  /** Counts a failure. */
  count(entry: RateEntry, now: number): void {
    countRequest(entry, this.#rate, now);
  }

  /** It is no longer used. */
  close(): void {
    this.#visitors.close();
  }

  /** What was counted was no failure. */
  forgive(entry: RateEntry): void {
    entry.nextAt -= this.#rate.interval;
  }

  #refusalOf(entry: RateEntry, now: number): Refusal | undefined {
    const wait = waitOf(entry, this.#rate, now);
    return wait === 0 ? undefined : { ...refusals.PN_ACCESS_FAILURES, retryAfter: Math.ceil(wait / 1_000) };
  }
}

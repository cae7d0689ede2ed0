import type { FinishedRequest } from "../route.js";

/** The first digit of a status, and its class. Services may use statuses above 599, which count as 5xx. */
export const STATUS_CLASSES: readonly [digit: number, name: string][] = [
  [1, "1xx"],
  [2, "2xx"],
  [3, "3xx"],
  [4, "4xx"],
  [5, "5xx"],
];

/** Requests and body bytes. They are plain numbers, because they are counted for every request. */
export class Traffic {
  /** Requests by the first digit of their status. */
  readonly requests = Array.from({ length: 6 }, () => 0);
  bytesIn = 0;
  bytesOut = 0;

  count({ status, bytesIn, bytesOut }: Pick<FinishedRequest, "status" | "bytesIn" | "bytesOut">): void {
    this.requests[Math.min(5, Math.floor(status / 100))]! += 1;
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
  }

  add(other: Traffic): void {
    for (const [digit, count] of other.requests.entries()) this.requests[digit]! += count;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
  }
}

import { Heartbeat, type Beat } from "./heartbeat.js";
import type { Limits } from "../limits.js";

/**
 * A peer that sends bytes but no responses counts as lost when its last response is this many heartbeats old and a PING
 * has waited for PING_AGE heartbeats. With these values it is detected within three heartbeats, although the clock is
 * checked only once a second.
 */
const RESPONSE_AGE = 2.85;
const PING_AGE = 1.7;
/** In milliseconds. With short heartbeats, a long path still gets this much time to answer a PING. */
const MIN_PING_AGE = 5_000;
/** While a PING that was sent within this many milliseconds is unanswered, another one is not needed. */
const PING_SPACING = 100;

/** The acknowledgements of the bytes that this side sent. A CongestionWindow provides them. */
export interface AckProgress {
  readonly inFlight: number;
  /** When the peer last acknowledged something new. */
  readonly acknowledgedAt: number;
  /** Milliseconds without any new acknowledgement while bytes wait for one; 0 when no bytes wait. */
  unacknowledgedFor(now: number): number;
}

export interface AnsweredPing {
  sentAt: number;
  /** Whether nothing was in flight when it was sent, so that its round trip includes no queueing of our own data. */
  pathIdle: boolean;
  isHeartbeat: boolean;
}

/**
 * Decides from PINGs, PONGs, ACKs and silence whether the peer is alive: PROTOCOL.md, section 7. It has no clock: all
 * times are arguments, in milliseconds of one monotonic clock.
 */
export class Liveness {
  readonly #limits: Pick<Limits, "heartbeat" | "stall">;
  readonly #acks: AckProgress;
  readonly #heartbeat: Heartbeat;
  /** PINGs sent. The payload carries the number, so that a PONG matches only the latest. */
  #pings = 0;
  /** The latest PING, while no PONG matches it. */
  #latest: AnsweredPing | undefined;
  /** When the oldest PING since the last PONG was sent; -1 while none is unanswered. */
  #unansweredAt = -1;
  #answeredAt: number;

  constructor(limits: Pick<Limits, "heartbeat" | "stall">, acks: AckProgress, now: number, role: "server" | "client") {
    this.#limits = limits;
    this.#acks = acks;
    this.#heartbeat = new Heartbeat(limits.heartbeat, now, role);
    this.#answeredAt = now;
  }

  /** Call it when any bytes arrive. */
  received(): void {
    this.#heartbeat.received();
  }

  /** Whether a heartbeat is due. Call it about once a second. */
  beat(now: number): Beat {
    return this.#heartbeat.beat(now);
  }

  /** Whether a heartbeat is to be sent with a PONG. */
  joins(now: number): boolean {
    return this.#heartbeat.joins(now);
  }

  /** Call it when a PING is sent. Returns its payload. */
  ping(now: number, isHeartbeat: boolean): Buffer {
    // A PING that measures the path may replace a heartbeat that is not answered yet. Then it counts as a heartbeat.
    const replaces = this.#unansweredAt >= 0 && this.#latest?.isHeartbeat === true;
    this.#latest = { sentAt: now, pathIdle: this.#acks.inFlight === 0, isHeartbeat: isHeartbeat || replaces };
    if (this.#unansweredAt < 0) this.#unansweredAt = now;
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#pings >>> 0, 4);
    return payload;
  }

  /** Whether a PING that was sent a moment ago still waits for its PONG. */
  isPinging(now: number): boolean {
    return this.#latest !== undefined && now - this.#latest.sentAt < PING_SPACING;
  }

  /** Call it when a PONG arrives. Returns the PING that it answers; undefined when that is not the latest one. */
  pong(payload: Buffer, now: number): AnsweredPing | undefined {
    this.#unansweredAt = -1;
    this.#answeredAt = now;
    const ping = this.#latest;
    if (ping === undefined || payload.readUInt32BE(4) !== this.#pings >>> 0) return undefined;
    this.#latest = undefined;
    return ping;
  }

  /** Whether the peer is silent, does not respond, or has stopped acknowledging. */
  isLost(now: number): boolean {
    return this.#heartbeat.silent || this.#acks.unacknowledgedFor(now) > this.#limits.stall || this.#isUnanswered(now);
  }

  /** Whether a PING has waited too long, and the last PONG and the last new ACK are too old. */
  #isUnanswered(now: number): boolean {
    if (this.#unansweredAt < 0) return false;
    const { heartbeat } = this.#limits;
    const { acknowledgedAt } = this.#acks;
    if (now - Math.max(this.#answeredAt, acknowledgedAt) < RESPONSE_AGE * heartbeat) return false;
    return now - Math.max(this.#unansweredAt, acknowledgedAt) >= Math.max(PING_AGE * heartbeat, MIN_PING_AGE);
  }
}

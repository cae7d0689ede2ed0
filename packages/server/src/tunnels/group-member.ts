import { LeastLoad, type AttemptOutcome, type IdleStreams, type PoolMember, type Upstream } from "@postern/gateway";
import type { FinishedRequest } from "@postern/gateway";
import type { ByteStream } from "@postern/net";
import type { Tunnel } from "./tunnel.js";

/** How long a client whose local service refused a connection gets no requests, in milliseconds. */
const REFUSED_PAUSE = 1_000;

const now = (): number => performance.now();

/** One client of a group: its sessions that serve the name. It shares the requests with the other clients. */
export class GroupMember implements PoolMember, Upstream {
  /** Its instance, which it keeps when it reconnects. */
  readonly name: string;
  /** Tells it from the other clients in logs and metrics: a small number. */
  readonly number: number;
  /** That of its latest session. Its group sets it. */
  weight: number;
  /** When it last joined clients that served the name, in milliseconds. */
  upSince = -Infinity;
  /** The last one stays until `sweep`, because requests of which nothing is left are recorded after its end. */
  #tunnels: readonly Tunnel[] = [];
  #isServing = false;
  readonly #balance = new LeastLoad();
  /** The tunnel of the last attempt to begin. */
  #begun: Tunnel | undefined;
  #inUse = 0;
  #downUntil = -Infinity;

  constructor(name: string, number: number, weight: number) {
    this.name = name;
    this.number = number;
    this.weight = weight;
  }

  /** Whether one of its sessions serves the name. */
  get isServing(): boolean {
    return this.#isServing;
  }

  add(tunnel: Tunnel): void {
    this.#tunnels = this.#isServing ? this.#tunnels.concat(tunnel) : [tunnel];
    this.#isServing = true;
  }

  remove(tunnel: Tunnel): void {
    const others = this.#tunnels.filter((each) => each !== tunnel);
    if (others.length > 0) this.#tunnels = others;
    else this.#isServing = false;
  }

  /** Forgets the session of a client that has left. Call it about once a second then. */
  sweep(): void {
    if (this.#isServing || this.#inUse > 0) return;
    this.#tunnels = [];
    this.#begun = undefined;
  }

  // ---- Upstream

  get unavailable(): Upstream["unavailable"] {
    if (!this.#isServing) return "gone";
    let isFull = false;
    for (const { unavailable } of this.#tunnels) {
      if (unavailable === undefined) return undefined;
      isFull ||= unavailable === "full";
    }
    return isFull ? "full" : "gone";
  }

  get suspect(): boolean {
    return this.#tunnels.every(({ available, suspect }) => suspect || !available);
  }

  get down(): boolean {
    return this.#downUntil > 0 && now() < this.#downUntil;
  }

  /** The name that it serves. */
  get tunnelName(): string | undefined {
    return this.#tunnels[0]?.name;
  }

  get hostHeader(): string | undefined {
    return this.#tunnels[0]?.hostHeader;
  }

  dial(): ByteStream {
    const tunnel = this.#balance.pick(this.#tunnels);
    if (tunnel === undefined) throw new Error(`the client ${this.name} has no session`);
    return tunnel.dial();
  }

  onOutcome(outcome: AttemptOutcome): void {
    if (outcome === "refused") this.#downUntil = now() + REFUSED_PAUSE;
  }

  /** The client gets the record of the request. */
  onFinished(request: FinishedRequest): void {
    this.#tunnels[0]?.onFinished(request);
  }

  // ---- PoolMember

  get upstream(): this {
    return this;
  }

  get idle(): IdleStreams {
    return (this.#begun as Tunnel).target.idle;
  }

  get available(): boolean {
    return this.unavailable === undefined && !this.down;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get share(): number {
    return this.weight;
  }

  reuse(time: number): ByteStream | undefined {
    const tunnel = this.#balance.peek(this.#tunnels);
    const stream = tunnel?.target.idle.take(time);
    if (stream !== undefined) this.#onBegin(tunnel as Tunnel);
    return stream;
  }

  open(time: number): ByteStream | undefined {
    const tunnel = this.#balance.peek(this.#tunnels);
    tunnel?.target.idle.makeRoom(time);
    if (tunnel === undefined || tunnel.unavailable !== undefined) return undefined;
    this.#onBegin(tunnel);
    return tunnel.dial();
  }

  onAttempt(outcome: AttemptOutcome): void {
    this.#inUse -= 1;
    this.onOutcome(outcome);
  }

  #onBegin(tunnel: Tunnel): void {
    this.#begun = tunnel;
    this.#inUse += 1;
    // The next request takes the next turn.
    this.#balance.pick(this.#tunnels);
  }
}

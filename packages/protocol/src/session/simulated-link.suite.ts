import { NO_SESSION, type Transport } from "../transport.js";

const POISON = 0xdb;

interface Task {
  at: number;
  /** Tasks due at the same time run in the order in which they were scheduled. */
  order: number;
  task: () => void;
}

/**
 * Virtual time, which passes only during `run`. Nothing here is random or depends on the speed of the machine, so a
 * test makes the same steps everywhere.
 */
export class VirtualClock {
  #now: number;
  readonly #heap: Task[] = [];
  #order = 0;

  /** Begins at `now` milliseconds, not at 0: a real process has run for a while when a session begins. */
  constructor(now = 60_000) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  /** Runs `task` at the end of this turn, after everything that is already due. */
  readonly turn = (task: () => void): void => this.at(this.#now, task);

  at(time: number, task: () => void): void {
    const heap = this.#heap;
    let child = heap.length;
    heap.push({ at: Math.max(time, this.#now), order: this.#order++, task });
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#earlier(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Runs `task` every `interval` milliseconds, until it returns false. */
  every(interval: number, task: () => boolean | void): void {
    this.at(this.#now + interval, () => {
      if (task() !== false) this.every(interval, task);
    });
  }

  /** Lets `time` milliseconds pass. */
  run(time: number): void {
    const end = this.#now + time;
    while (this.#heap.length > 0 && (this.#heap[0] as Task).at <= end) this.#step();
    this.#now = end;
  }

  /** Lets time pass until `done`, at most `limit` milliseconds. Returns the time that passed. */
  runUntil(done: () => boolean, limit: number): number {
    const start = this.#now;
    while (!done()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > start + limit) throw new Error(`not done after ${limit} ms of virtual time`);
      this.#step();
    }
    return this.#now - start;
  }

  #step(): void {
    const heap = this.#heap;
    const first = heap[0] as Task;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      if (left >= heap.length) break;
      const child = left + 1 < heap.length && this.#earlier(left + 1, left) ? left + 1 : left;
      if (!this.#earlier(child, parent)) break;
      this.#swap(child, parent);
      parent = child;
    }
    this.#now = first.at;
    first.task();
  }

  #earlier(a: number, b: number): boolean {
    const one = this.#heap[a] as Task;
    const other = this.#heap[b] as Task;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a] as Task;
    this.#heap[a] = this.#heap[b] as Task;
    this.#heap[b] = one;
  }
}

export interface LinkOptions {
  /** Milliseconds from one end to the other, in each direction. Default 0. */
  delay?: number;
  /** Bytes per millisecond in each direction. Default: unlimited. */
  rate?: number;
  /** Bytes that the kernel buffers, invisible to the sender. Default: 4 MiB. */
  socketBuffer?: number;
  /** The other end reads its socket only every this many milliseconds, like a busy process. Default 0: at once. */
  readInterval?: number;
  /** Packets arrive up to this many milliseconds late, by an amount that varies, but in order. Default 0. */
  jitter?: number;
}

/** One end of a simulated link, in place of a WebSocket. */
export class LinkEnd implements Transport {
  handler = NO_SESSION;
  /** Called with every message sent here. */
  onSend: (message: Buffer) => void = () => {};
  /** Messages passed to `send` after `close`. A real WebSocket discards them. */
  sentAfterClose = 0;
  /** The close code of this end; undefined while it is open. */
  closed: { code: number; reason: string } | undefined;
  bytesSent = 0;
  peer!: LinkEnd;
  readonly #link: SimulatedLink;
  /** When the last accepted byte leaves this end, and when it arrives. */
  #freeAt = 0;
  #arrivesAt = 0;
  #draining = false;
  /** Messages that the kernel has not taken, and copies of them: they must not change until then. */
  #untaken: { message: Buffer; copy: Buffer }[] = [];
  #over = false;
  /** Pieces that the handler was too busy to use. */
  #unread: { piece: Buffer; last: boolean }[] = [];

  constructor(link: SimulatedLink) {
    this.#link = link;
  }

  get buffered(): number {
    return Math.max(0, Math.ceil(this.#queued - this.#link.socketBuffer));
  }

  send(batch: Buffer, start: number): boolean {
    // The kernel's copy: the sender may reuse its memory as soon as the kernel has taken it.
    const message = Buffer.from(batch.subarray(start));
    if (this.closed !== undefined) this.sentAfterClose++;
    if (this.closed !== undefined || this.#over) return false;
    this.bytesSent += message.length;
    this.onSend(message);
    const { packet } = this.#link;
    for (let at = 0; at < message.length; at += packet) {
      const end = Math.min(at + packet, message.length);
      this.#carry(end - at, () => this.peer.deliver(message.subarray(at, end), end === message.length));
    }
    if (this.buffered === 0) return true;
    this.#untaken.push({ message: batch.subarray(start), copy: Buffer.from(message) });
    this.#awaitDrain();
    return false;
  }

  close(code: number, reason: string): void {
    if (this.closed !== undefined || this.#over) return;
    this.closed = { code, reason };
    this.#carry(0, () => {
      const { peer } = this;
      if (peer.#over) return;
      peer.closed ??= { code, reason };
      peer.#carry(0, () => this.#end(code, reason));
      peer.#end(code, reason);
    });
  }

  terminate(): void {
    this.#link.clock.turn(() => this.#end(1006, ""));
    this.#carry(0, () => this.peer.#end(1006, ""));
  }

  resume(): void {
    const unread = this.#unread;
    this.#unread = [];
    for (const { piece, last } of unread) this.deliver(piece, last);
  }

  /** The connection breaks at this end. */
  break(): void {
    this.#end(1006, "");
  }

  get #queued(): number {
    return (this.#freeAt - this.#link.clock.now()) * this.#link.rate || 0;
  }

  #carry(bytes: number, arrive: () => void): void {
    const { clock, rate, delay } = this.#link;
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + bytes / rate;
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#link.readAt(this.#freeAt + delay));
    clock.at(this.#arrivesAt, () => {
      if (!this.#link.cut) arrive();
    });
  }

  /** Delivers a copy and overwrites it after the call, so that a session that keeps a view reads garbage. */
  deliver(piece: Buffer, last: boolean): void {
    if (this.#over) return;
    const isPaused = this.#unread.length > 0;
    const used = isPaused ? 0 : this.handler.onMessage(piece, last);
    if (isPaused || used < piece.length) this.#unread.push({ piece: Buffer.from(piece.subarray(used)), last });
    if (!isPaused && used < piece.length) this.handler.onPaused();
    piece.fill(POISON);
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.handler.onClose(code, reason);
  }

  #awaitDrain(): void {
    if (this.#draining) return;
    this.#draining = true;
    const { clock, rate, socketBuffer } = this.#link;
    clock.at(this.#freeAt - socketBuffer / rate + 1e-6, () => {
      this.#draining = false;
      if (this.#over) return;
      if (this.buffered > 0) this.#awaitDrain();
      else {
        const changed = this.#untaken.some(({ message, copy }) => !message.equals(copy));
        if (changed) throw new Error("memory was reused before the kernel took it");
        this.#untaken = [];
        this.handler.onDrain();
      }
    });
  }
}

/** Two transports with a link between them. `delay` and `cut` may change while bytes are in flight. */
export class SimulatedLink {
  readonly clock: VirtualClock;
  delay: number;
  readonly rate: number;
  readonly socketBuffer: number;
  readonly #readInterval: number;
  readonly #jitter: number;
  #packets = 0;
  /** Bytes that arrive at once: one packet, or what a fast link carries in a quarter of a millisecond. */
  readonly packet: number;
  /** When true, nothing arrives any more and no event reports it: a half-open connection. */
  cut = false;
  readonly server: LinkEnd = new LinkEnd(this);
  readonly client: LinkEnd = new LinkEnd(this);

  constructor(clock: VirtualClock, options: LinkOptions = {}) {
    this.clock = clock;
    this.delay = options.delay ?? 0;
    this.rate = options.rate ?? Infinity;
    this.packet = Math.max(1_448, Math.round(this.rate / 4));
    this.socketBuffer = options.socketBuffer ?? 4 * 1024 * 1024;
    this.#readInterval = options.readInterval ?? 0;
    this.#jitter = options.jitter ?? 0;
    this.server.peer = this.client;
    this.client.peer = this.server;
  }

  /** When the other end reads a packet that could arrive at `time`. */
  readAt(time: number): number {
    // The golden ratio spreads the amounts evenly, and no two runs differ.
    const late = ((this.#packets++ * 0.618_034) % 1) * this.#jitter;
    const interval = this.#readInterval;
    return interval === 0 ? time + late : Math.ceil((time + late) / interval) * interval;
  }

  /** Closes both ends; bytes in flight are lost. */
  break(): void {
    this.cut = true;
    this.server.break();
    this.client.break();
  }
}

/** Converts megabits per second to bytes per millisecond. */
export function megabits(rate: number): number {
  return (rate * 1_000_000) / 8 / 1_000;
}

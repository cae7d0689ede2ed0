import type { Clock } from "../clock.js";

export type DataPlaneState = "ok" | "failing" | "unknown";

/** After a failure the next probe comes so soon, in milliseconds. */
const RETRY = 5_000;
/** How long an answer may take, in milliseconds. */
const TIMEOUT = 10_000;
/** The first probe comes this long after the tunnel opens, and a random second later: clients that come back together do not probe together. */
const FIRST = 1_000;
/** So many failures in a row end what used to work. */
const LAST = 3;
/** So many failures in a row count where nothing has worked yet. */
const ENOUGH = 2;

/** Why a probe did not come back. */
export class ProbeFailure extends Error {
  /**
   * What it proves: `broken`, requests do not come through; `foreign`, nobody has said so but the way there is another than ours, for
   * instance a proxy that does not pass it on; `nothing`, the server is only too busy.
   */
  readonly proves: "broken" | "foreign" | "nothing";

  constructor(message: string, proves: "broken" | "foreign" | "nothing") {
    super(message);
    this.proves = proves;
  }
}

export interface DataPlaneOptions {
  /** Milliseconds between two probes. */
  interval: number;
  /** Sends one probe on the way that visitors take. Throws a ProbeFailure, also when `signal` says that it took too long. */
  probe: (signal: AbortSignal) => Promise<void>;
  clock: Pick<Clock, "after" | "random">;
}

export interface DataPlaneEvents {
  /** `error` says why it fails. */
  onDataPlane(state: DataPlaneState, error?: string): void;
  /** It used to work and does not any more: the session is not worth keeping. */
  onDataPlaneLost(): void;
}

/**
 * Whether requests come through the tunnel, which a session whose heartbeat goes on does not prove: a request is sent the way that
 * visitors take, and has to come back here.
 *
 *     unknown ──answered──► ok ──failed──► failing ──answered──► ok
 *        └──failed twice──► failing            └──failed three times, and it had worked──► lost
 */
export class DataPlane {
  state: DataPlaneState = "unknown";
  readonly #options: DataPlaneOptions;
  readonly #events: DataPlaneEvents;
  readonly #stop = new AbortController();
  #cancel: () => void;
  #worked = false;
  #failures = 0;

  constructor(options: DataPlaneOptions, events: DataPlaneEvents) {
    this.#options = options;
    this.#events = events;
    const { clock } = options;
    this.#cancel = clock.after(FIRST + FIRST * clock.random(), () => void this.#probe());
  }

  /** The session is over or draining: no more is sent, and nothing is known. Can be called twice. */
  stop(): void {
    this.#stop.abort();
    this.#cancel();
    this.#become("unknown");
  }

  async #probe(): Promise<void> {
    const { probe, clock } = this.#options;
    const deadline = new AbortController();
    const cancel = clock.after(TIMEOUT, () => deadline.abort());
    let failure: ProbeFailure | undefined;
    try {
      await probe(AbortSignal.any([deadline.signal, this.#stop.signal]));
    } catch (error) {
      failure = error instanceof ProbeFailure ? error : new ProbeFailure(String(error), "foreign");
    }
    cancel();
    if (this.#stop.signal.aborted) return;
    if (failure === undefined) this.#succeeded();
    else if (failure.proves !== "nothing") this.#failed(failure);
    if (this.#failures >= LAST && this.#worked) {
      this.stop();
      return this.#events.onDataPlaneLost();
    }
    this.#cancel = clock.after(this.#pause, () => void this.#probe());
  }

  /** Where it never works, asking often is of no use. */
  get #pause(): number {
    const { interval } = this.#options;
    return this.#failures > 0 && this.#failures <= LAST ? Math.min(RETRY, interval) : interval;
  }

  #succeeded(): void {
    this.#worked = true;
    this.#failures = 0;
    this.#become("ok");
  }

  #failed({ message, proves }: ProbeFailure): void {
    this.#failures++;
    if (this.#worked || (proves === "broken" && this.#failures >= ENOUGH)) this.#become("failing", message);
  }

  #become(state: DataPlaneState, error?: string): void {
    if (this.state === state) return;
    this.state = state;
    this.#events.onDataPlane(state, error);
  }
}

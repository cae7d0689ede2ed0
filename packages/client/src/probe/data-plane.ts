import type { Clock } from "../clock.js";

export type DataPlaneState = "ok" | "failing" | "unknown";

/** Milliseconds between a failure and the next probe. */
const RETRY = 5_000;
/** Timeout of a probe, in milliseconds. */
const TIMEOUT = 10_000;
/**
 * The first probe is sent after this time, in milliseconds, plus a random part of it, so that clients that reconnect at
 * the same time do not probe at the same time.
 */
const FIRST = 1_000;
/** Failures in a row after which a data plane that used to work is lost. */
const LOST_AFTER = 3;
/** Failures in a row after which a data plane that never worked is failing. */
const FAILING_AFTER = 2;

/**
 * What a failed probe shows: `broken`, requests do not reach the client; `foreign`, something else on the route
 * responded; `inconclusive`, nothing, because the server is overloaded.
 */
export type ProbeVerdict = "broken" | "foreign" | "inconclusive";

/** Why a probe did not return. */
export class ProbeFailure extends Error {
  readonly verdict: ProbeVerdict;

  constructor(message: string, verdict: ProbeVerdict) {
    super(message);
    this.verdict = verdict;
  }
}

export interface DataPlaneOptions {
  /** Milliseconds between two probes. */
  interval: number;
  /** Sends one probe on the route of a visitor. @throws ProbeFailure, also when `signal` aborts. */
  probe: (signal: AbortSignal) => Promise<void>;
  clock: Pick<Clock, "after" | "random">;
  /** @param error the reason of the failed probes. */
  onChange: (state: DataPlaneState, error?: string) => void;
  /** Probes used to succeed and now fail, so the session is useless. */
  onLost: () => void;
}

/**
 * Checks whether requests reach the client. Heartbeats do not show that, so requests are sent on the route of a
 * visitor and must arrive here.
 *
 *     unknown ── success ──► ok ── failure ──► failing ── success ──► ok
 *        └── 2 failures ──► failing               └── 3 failures, after a success ──► lost
 */
export class DataPlane {
  state: DataPlaneState = "unknown";
  readonly #options: DataPlaneOptions;
  readonly #stop = new AbortController();
  #cancel: () => void;
  #worked = false;
  #failures = 0;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    const { clock } = options;
    this.#cancel = clock.after(FIRST + FIRST * clock.random(), () => void this.#probe());
  }

  /** Sends no more probes; the state becomes unknown. Can be called twice. */
  stop(): void {
    this.#stop.abort();
    this.#cancel();
    this.#become("unknown");
  }

  async #probe(): Promise<void> {
    const { probe, clock, onLost } = this.#options;
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
    else if (failure.verdict !== "inconclusive") this.#failed(failure);
    if (this.#failures >= LOST_AFTER && this.#worked) {
      this.stop();
      return onLost();
    }
    this.#cancel = clock.after(this.#pause, () => void this.#probe());
  }

  /**
   * The time until the next probe: shorter after the first failures, but a route that never worked is soon probed at
   * the normal interval again.
   */
  get #pause(): number {
    const { interval } = this.#options;
    return this.#failures > 0 && this.#failures <= LOST_AFTER ? Math.min(RETRY, interval) : interval;
  }

  #succeeded(): void {
    this.#worked = true;
    this.#failures = 0;
    this.#become("ok");
  }

  #failed({ message, verdict }: ProbeFailure): void {
    this.#failures++;
    if (this.#worked || (verdict === "broken" && this.#failures >= FAILING_AFTER)) this.#become("failing", message);
  }

  #become(state: DataPlaneState, error?: string): void {
    if (this.state === state) return;
    this.state = state;
    this.#options.onChange(state, error);
  }
}

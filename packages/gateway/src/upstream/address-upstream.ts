import {
  attemptsText,
  authorityOf,
  Dialer,
  dialFault,
  RaceLost,
  trustFault,
  type ByteStream,
  type ClientTls,
  type DialerAddress,
  type DialerOptions,
  type Lookup,
  type TrustOptions,
} from "@postern/net";
import { SYSTEM_CLOCK, type Clock } from "../deadlines/clock.js";
import type { Upstream } from "./upstream.js";

export const TARGET_LIMITS = {
  /** Milliseconds for a connection to a target, from the lookup of its name to the end of the TLS handshake. */
  connect: 5_000,
  /** Idle connections that are kept to one target. */
  idle: 512,
  /** How long a target that accepted no connection gets no requests if there are others, in milliseconds. */
  down: 1_000,
  /** Failures of one target that are reported: one in this many milliseconds. */
  report: 10_000,
} as const;

/** Why connections to a target failed, for its owner. */
export interface TargetFailure {
  /** The target's authority, or the path of its Unix socket. */
  readonly target: string;
  /** The reason of the last failure, with what to check. */
  readonly reason: string;
  /** Failures since the last report, this one included. */
  readonly count: number;
}

export interface AddressOptions {
  address: DialerAddress;
  /** The target's own path, which path edits prepend; empty if it is `/`. Default: empty. */
  basePath?: string | undefined;
  /** Host of requests if it differs from that of the address: a canonical authority. */
  authority?: string | undefined;
  /** How to verify the target's certificate, and the gateway's own one. Default: by the CAs that Node trusts. */
  trust?: ClientTls | undefined;
  /** Milliseconds for a connection. Default: `TARGET_LIMITS.connect`. */
  connectTimeout?: number | undefined;
  /** Default: the system's resolver. */
  lookup?: Lookup | undefined;
  /** Default: `SYSTEM_CLOCK`. */
  clock?: Clock | undefined;
  /** Called when connections of requests fail, or it stays down, at most once in `TARGET_LIMITS.report` ms. */
  onFailure?: ((failure: TargetFailure) => void) | undefined;
  /** Called when it accepts connections again after a reported failure. */
  onRecovered?: ((target: string) => void) | undefined;
}

const OPTIONS: TrustOptions = {
  ca: "ca_file in [proxy.ssl]",
  name: "use that name in the target, or set sni_hostname in [proxy.ssl] to it",
  any: "do not verify it with verify_backend = false",
};

/** A target with an address: `host:port`, with TLS or without, or a Unix socket. */
export class AddressUpstream implements Upstream {
  readonly unavailable = undefined;
  readonly suspect = false;
  readonly name: string;
  readonly authority: string;
  readonly basePath: string;
  readonly mostIdle = TARGET_LIMITS.idle;
  readonly #dialerOptions: DialerOptions;
  readonly #dialer: Dialer;
  readonly #clock: Clock;
  readonly #onFailure: (failure: TargetFailure) => void;
  readonly #onRecovered: (target: string) => void;
  /** Until when it is down, unless a check takes longer; undefined: the last connection succeeded. */
  #downUntil: number | undefined;
  #isChecked = false;
  #upSince = -Infinity;
  #unreported = 0;
  /** Whether `onFailure` was called since it went down. */
  #isReported = false;
  #reportsAt = -Infinity;

  constructor(options: AddressOptions) {
    const { address, authority, basePath = "", trust, lookup, clock = SYSTEM_CLOCK } = options;
    this.basePath = basePath;
    this.authority = authority ?? defaultAuthority(address);
    this.name = "socketPath" in address ? address.socketPath : authorityOf(address.host, address.port);
    this.#clock = clock;
    this.#onFailure = options.onFailure ?? ((): void => {});
    this.#onRecovered = options.onRecovered ?? ((): void => {});
    this.#dialerOptions = {
      address,
      trust,
      lookup,
      timeout: options.connectTimeout ?? TARGET_LIMITS.connect,
      after: (delay, task) => clock.after(delay, task),
      now: () => clock.now(),
      onConnected: () => this.#connected(),
      onFailed: (error) => this.#failed(error),
    };
    this.#dialer = new Dialer(this.#dialerOptions);
  }

  get down(): boolean {
    return this.#downUntil !== undefined && (this.#isChecked || this.#clock.now() < this.#downUntil);
  }

  get upSince(): number {
    return this.#upSince;
  }

  /** Connects without a request, so that no visitor has to wait for a connection that fails again. */
  recheck(): void {
    if (this.#downUntil === undefined || this.#isChecked) return;
    this.#isChecked = true;
    this.connect(this.#dialerOptions.timeout, (fault) => {
      this.#isChecked = false;
      if (fault === undefined) return;
      this.#setDown();
      if (!this.#isReported) this.#report(fault);
    });
  }

  connect(timeout: number, done: (fault: string | undefined) => void): () => void {
    let isOver = false;
    const finish = (fault: string | undefined): void => {
      if (isOver) return;
      isOver = true;
      // The stream gets its socket after this call. It would take an end for that of a server that expects TLS.
      queueMicrotask(() => stream.reset());
      done(fault);
    };
    const dialer = new Dialer({
      ...this.#dialerOptions,
      timeout: Math.min(timeout, this.#dialerOptions.timeout),
      onConnected: () => {
        this.#connected();
        finish(undefined);
      },
      onFailed: (error) => finish(reasonOf(error)),
    });
    const stream = dialer.dial();
    const ignore = (): void => {};
    stream.handler = { onData: ignore, onEnd: ignore, onReset: ignore, onDrain: ignore };
    return () => {
      isOver = true;
      stream.reset();
    };
  }

  dial(): ByteStream {
    return this.#dialer.dial();
  }

  #connected(): void {
    if (this.#downUntil === undefined) return;
    this.#downUntil = undefined;
    this.#upSince = this.#clock.now();
    if (!this.#isReported) return;
    this.#isReported = false;
    this.#onRecovered(this.name);
  }

  #setDown(): void {
    this.#downUntil = this.#clock.now() + TARGET_LIMITS.down;
  }

  #failed(error: Error): void {
    this.#setDown();
    this.#unreported++;
    this.#report(reasonOf(error));
  }

  #report(reason: string): void {
    const now = this.#clock.now();
    if (now < this.#reportsAt) return;
    this.#reportsAt = now + TARGET_LIMITS.report;
    this.#isReported = true;
    this.#onFailure({ target: this.name, reason, count: this.#unreported });
    this.#unreported = 0;
  }
}

function reasonOf(error: Error): string {
  if (error instanceof RaceLost) return attemptsText(error.attempts);
  return trustFault(error, OPTIONS) ?? dialFault(error);
}

/** For Host: without the default port of the scheme. A Unix socket has no name. */
function defaultAuthority(address: DialerAddress): string {
  if ("socketPath" in address) return "localhost";
  const { host, port, tls } = address;
  const authority = authorityOf(host, port);
  return port === (tls ? 443 : 80) ? authority.replace(/:[0-9]+$/, "") : authority;
}

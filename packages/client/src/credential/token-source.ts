import { TunnelError } from "@postern/protocol";
import { backoff } from "../backoff.js";
import { SYSTEM_CLOCK, type Clock } from "../clock.js";
import type { ReconnectionOptions, TokenRefreshOptions } from "../options.js";
import { tokenEnd } from "./token-end.js";
import { requestToken } from "./token-request.js";
import { TokenState } from "./token-state.js";

const DEFAULT_INTERVAL = 3_600_000;
/** A new token is asked for when this share of the old one's time is over, plus a random part of the other: not all clients at once. */
const SOONEST = 0.6;
const JITTER = 0.2;
/** Never more often than this, whatever clocks and issuers say, in milliseconds. */
const SHORTEST = 1_000;
/** Timers take no more milliseconds than this. */
const LONGEST = 2 ** 31 - 1;
const RETRIES: ReconnectionOptions = {
  enabled: true,
  initialDelay: 1_000,
  maxDelay: 60_000,
  backoffMultiplier: 2,
  maxAttempts: 0,
  jitterFactor: 0.5,
};

export interface TokenListener {
  onToken(): void;
  /** No new token came. It is tried again after `delay` milliseconds; undefined: not by itself. */
  onFailure(error: TunnelError, delay: number | undefined): void;
}

/** Tokens from an issuer, each asked for before the one before it ends, as long as anybody listens. */
export class TokenSource {
  token: string | undefined;
  readonly #options: TokenRefreshOptions;
  readonly #state: TokenState | undefined;
  readonly #listeners = new Set<TokenListener>();
  readonly #clock: Clock;
  readonly #request: typeof requestToken;
  #refreshToken: string;
  /** What the state's file held when it was last looked at or written. */
  #kept: string | undefined;
  #endsAt: number | undefined;
  #renewAt = 0;
  /** The server has said how long this token counts. */
  #told = false;
  #renewing: Promise<string> | undefined;
  #failures = 0;
  #callOff = (): void => {};

  /** @param request asks the issuer. */
  constructor(
    options: TokenRefreshOptions,
    token: string | undefined,
    clock: Clock = SYSTEM_CLOCK,
    request: typeof requestToken = requestToken,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#request = request;
    this.#refreshToken = options.refreshToken;
    this.#state = options.stateFile === undefined ? undefined : new TokenState(options.stateFile);
    if (token !== undefined) this.#take(token, undefined);
  }

  /** A token that counts, as far as we know. @throws TunnelError when none can be had. */
  async current(): Promise<string> {
    const ended = this.#endsAt !== undefined && this.#endsAt <= this.#clock.now();
    return this.token === undefined || ended ? this.renew() : this.token;
  }

  /** A new token. Several who ask at once get the same. @throws TunnelError when none can be had. */
  renew(): Promise<string> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** The server does not take this token. */
  distrust(token: string): void {
    if (this.token === token) this.token = undefined;
  }

  /** The server says that `token` counts for so many milliseconds: its clock is the one that matters. */
  told(token: string, lifetime: number | undefined): void {
    if (this.token !== token || this.#told || lifetime === undefined) return;
    this.#told = true;
    this.#plan(lifetime);
  }

  /** The token is about to end. */
  hurry(): void {
    if (this.#failures === 0 && this.#renewing === undefined) void this.#renewAhead();
  }

  /** Keeps the token fresh from now on. Returns what ends that. */
  listen(listener: TokenListener): () => void {
    this.#listeners.add(listener);
    this.#wait(this.#renewAt - this.#clock.now());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#callOff();
    };
  }

  async #renew(): Promise<string> {
    await this.#look();
    const { token, lifetime, refreshToken } = await this.#request(this.#options, this.#refreshToken);
    if (refreshToken !== undefined) {
      this.#refreshToken = refreshToken;
      // Before the new one is used: the old one may be worth nothing any more.
      await this.#keep(refreshToken);
    }
    this.#failures = 0;
    this.#take(token, lifetime);
    for (const listener of this.#listeners) listener.onToken();
    return token;
  }

  /** Another process with the same configuration may have got another refresh token meanwhile. */
  async #look(): Promise<void> {
    const kept = await this.#state?.read().catch(unusable);
    // What could not be replaced in the file is older than the one that is known here.
    if (kept !== undefined && kept !== this.#kept) this.#refreshToken = kept;
    this.#kept = kept;
  }

  async #keep(refreshToken: string): Promise<void> {
    try {
      await this.#state?.write(refreshToken);
      this.#kept = refreshToken;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = `the new refresh token cannot be kept for the next start: ${code ?? message}`;
      this.#tell(new TunnelError("PN_REFRESH_FAILED", why), undefined);
    }
  }

  #take(token: string, lifetime: number | undefined): void {
    this.token = token;
    this.#told = false;
    this.#endsAt = undefined;
    const end = tokenEnd(token);
    this.#plan(lifetime ?? (end === undefined ? undefined : end - this.#clock.now()));
  }

  #plan(lifetime: number | undefined): void {
    const now = this.#clock.now();
    if (lifetime !== undefined) this.#endsAt = now + lifetime;
    const share = SOONEST + JITTER * this.#clock.random();
    const wait =
      lifetime === undefined ? (this.#options.interval ?? DEFAULT_INTERVAL) * (share + JITTER) : lifetime * share;
    this.#renewAt = now + Math.max(wait, SHORTEST);
    this.#wait(wait);
  }

  #wait(delay: number): void {
    this.#callOff();
    if (this.#listeners.size === 0) return;
    const due = (): void => (delay > LONGEST ? this.#wait(delay - LONGEST) : void this.#renewAhead());
    this.#callOff = this.#clock.after(Math.min(Math.max(delay, SHORTEST), LONGEST), due);
  }

  async #renewAhead(): Promise<void> {
    try {
      await this.renew();
    } catch (thrown) {
      const error = thrown as TunnelError;
      this.#failures++;
      const delay = error.retryable ? Math.round(backoff(this.#failures, RETRIES, this.#clock.random())) : undefined;
      if (delay !== undefined) this.#wait(delay);
      this.#tell(error, delay);
    }
  }

  #tell(error: TunnelError, delay: number | undefined): void {
    for (const listener of this.#listeners) listener.onFailure(error, delay);
  }
}

function unusable(error: Error): never {
  throw new TunnelError("PN_REFRESH_REFUSED", error.message);
}

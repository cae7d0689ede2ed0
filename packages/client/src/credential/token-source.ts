import { TunnelError } from "@postern/protocol";
import { backoff } from "../reconnection/backoff.js";
import { SYSTEM_CLOCK, type Clock } from "../clock.js";
import type { ReconnectionOptions, TokenRefreshOptions } from "../options.js";
import { tokenEnd } from "./token-end.js";
import { requestToken } from "./token-request.js";
import { TokenState } from "./token-state.js";

const DEFAULT_INTERVAL = 3_600_000;
/**
 * A token is renewed after this share of its lifetime, plus a random part of the jitter, so that clients do not renew
 * at the same time.
 */
const RENEW_AFTER = 0.6;
const JITTER = 0.2;
/** The shortest time between two renewals, in milliseconds, regardless of the clock and the issuer. */
const MIN_INTERVAL = 1_000;
/** The longest delay of a timer, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;
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
  /** A renewal failed. The next attempt is made after `delay` milliseconds; undefined: there is none. */
  onFailure(error: TunnelError, delay: number | undefined): void;
}

/** Tokens from an issuer. While it has a listener, each token is renewed before it expires. */
export class TokenSource {
  token: string | undefined;
  readonly #options: TokenRefreshOptions;
  readonly #state: TokenState | undefined;
  readonly #listeners = new Set<TokenListener>();
  readonly #clock: Clock;
  readonly #request: typeof requestToken;
  #refreshToken: string;
  /** The content of the state file when it was last read or written. */
  #stored: string | undefined;
  #expiresAt: number | undefined;
  #renewAt = 0;
  /** Whether the server has reported the lifetime of this token. */
  #hasServerLifetime = false;
  #renewing: Promise<string> | undefined;
  #failures = 0;
  /** When the server last caused a renewal; in the future if one is due. */
  #announcedAt = -Infinity;
  #cancelTimer = (): void => {};

  /** @param request fetches a token from the issuer. */
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

  /** A token that is valid as far as the client knows. @throws TunnelError when none can be fetched. */
  async current(): Promise<string> {
    const isExpired = this.#expiresAt !== undefined && this.#expiresAt <= this.#clock.now();
    return this.token === undefined || isExpired ? this.renew() : this.token;
  }

  /** A new token. Concurrent callers get the same token. @throws TunnelError when none can be fetched. */
  renew(): Promise<string> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /**
   * Resolves when no renewal is in progress. An issuer that rotates refresh tokens may have revoked the old one, so a
   * client that exits during a renewal would have no valid refresh token for its next start.
   */
  async idle(): Promise<void> {
    while (this.#renewing !== undefined) await this.#renewing.catch(() => {});
  }

  /** Called when the server has refused this token. */
  distrust(token: string): void {
    if (this.token === token) this.token = undefined;
  }

  /**
   * Reports that the server accepts `token` for this many milliseconds. This takes precedence over the token's own
   * claims, because the server decides by its own clock.
   */
  setLifetime(token: string, lifetime: number | undefined): void {
    if (this.token !== token || this.#hasServerLifetime || lifetime === undefined) return;
    this.#hasServerLifetime = true;
    this.#plan(lifetime);
  }

  /**
   * The server announces that `token` is about to expire: renews it now, or MIN_INTERVAL after the last renewal of this
   * kind.
   */
  renewSoon(token: string): void {
    if (token !== this.token || this.#failures > 0 || this.#renewing !== undefined) return;
    const now = this.#clock.now();
    const next = this.#announcedAt + MIN_INTERVAL;
    if (now < next) {
      if (this.#renewAt <= next) return;
      this.#announcedAt = this.#renewAt = next;
      return this.#wait(next - now);
    }
    this.#announcedAt = now;
    void this.#renewAhead();
  }

  /** Renews the token before it expires, from now on. Returns a function that stops the renewal. */
  listen(listener: TokenListener): () => void {
    this.#listeners.add(listener);
    this.#wait(this.#renewAt - this.#clock.now());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#cancelTimer();
    };
  }

  async #renew(): Promise<string> {
    await this.#readState();
    const { token, lifetime, refreshToken } = await this.#request(this.#options, this.#refreshToken);
    if (refreshToken !== undefined) {
      this.#refreshToken = refreshToken;
      // Stored first, because the issuer may have revoked the old refresh token.
      await this.#writeState(refreshToken);
    }
    this.#failures = 0;
    this.#take(token, lifetime);
    for (const listener of this.#listeners) listener.onToken();
    return token;
  }

  /** Another process with the same configuration may have stored a newer refresh token. */
  async #readState(): Promise<void> {
    const stored = await this.#state?.read().catch(refuse);
    // Unchanged content is older than the token in memory, whose write has failed.
    if (stored !== undefined && stored !== this.#stored) this.#refreshToken = stored;
    this.#stored = stored;
  }

  async #writeState(refreshToken: string): Promise<void> {
    try {
      await this.#state?.write(refreshToken);
      this.#stored = refreshToken;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = `the new refresh token cannot be stored for the next start: ${code ?? message}`;
      this.#notifyFailure(new TunnelError("PN_REFRESH_FAILED", why), undefined);
    }
  }

  #take(token: string, lifetime: number | undefined): void {
    this.token = token;
    this.#hasServerLifetime = false;
    this.#expiresAt = undefined;
    const end = tokenEnd(token);
    this.#plan(lifetime ?? (end === undefined ? undefined : end - this.#clock.now()));
  }

  #plan(lifetime: number | undefined): void {
    const now = this.#clock.now();
    if (lifetime !== undefined) this.#expiresAt = now + lifetime;
    const share = RENEW_AFTER + JITTER * this.#clock.random();
    const wait =
      lifetime === undefined ? (this.#options.interval ?? DEFAULT_INTERVAL) * (share + JITTER) : lifetime * share;
    this.#renewAt = now + Math.max(wait, MIN_INTERVAL);
    this.#wait(wait);
  }

  #wait(delay: number): void {
    this.#cancelTimer();
    if (this.#listeners.size === 0) return;
    const due = (): void => (delay > MAX_DELAY ? this.#wait(delay - MAX_DELAY) : void this.#renewAhead());
    this.#cancelTimer = this.#clock.after(Math.min(Math.max(delay, MIN_INTERVAL), MAX_DELAY), due);
  }

  async #renewAhead(): Promise<void> {
    try {
      await this.renew();
    } catch (thrown) {
      const error = thrown as TunnelError;
      this.#failures++;
      const delay = error.retryable ? Math.round(backoff(this.#failures, RETRIES, this.#clock.random())) : undefined;
      if (delay !== undefined) this.#wait(delay);
      this.#notifyFailure(error, delay);
    }
  }

  #notifyFailure(error: TunnelError, delay: number | undefined): void {
    for (const listener of this.#listeners) listener.onFailure(error, delay);
  }
}

function refuse(error: Error): never {
  throw new TunnelError("PN_REFRESH_REFUSED", error.message);
}

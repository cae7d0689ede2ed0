import { TunnelError, type Auth } from "@postern/protocol";
import type { Identity } from "./principal.js";

/** A client is told so many milliseconds before its credential ends; of a shorter one, when half of it is over. */
const NOTICE = 60_000;

export interface AuthorityEvents {
  /** The credential ends in so many milliseconds. */
  onExpiring(milliseconds: number): void;
  /** It does not count any more. */
  onEnd(error: TunnelError): void;
  /** Something broke that should not. */
  onFault(error: unknown): void;
}

/** How a credential of this session's client is proved. */
export interface Proof {
  authenticate(auth: Auth): Identity | Promise<Identity>;
}

/** What a session's client may do, and for how long: the credential that counts now, and the one that takes its place. */
export class Authority {
  readonly #authenticator: Proof;
  readonly #events: AuthorityEvents;
  readonly #now: () => number;
  #identity: Identity | undefined;
  #noticeAt = Infinity;
  #recheckAt = Infinity;
  #proving = false;
  #over = false;

  /** @param now milliseconds of the Unix time. */
  constructor(authenticator: Proof, events: AuthorityEvents, now: () => number = () => Date.now()) {
    this.#authenticator = authenticator;
    this.#events = events;
    this.#now = now;
  }

  /** Undefined: nobody has logged in. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** A credential is being looked at: there is one at a time. */
  get proving(): boolean {
    return this.#proving;
  }

  /** How long it still counts, in milliseconds; undefined: until it is taken back. */
  get remaining(): number | undefined {
    const remaining = (this.#identity?.expiresAt ?? Infinity) - this.#now();
    return remaining === Infinity ? undefined : Math.max(Math.round(remaining), 0);
  }

  /** Proves `auth`, and tells what came of it: at once where that is possible. From then on it counts, in place of what counted before. */
  prove(auth: Auth, done: (outcome: Identity | TunnelError) => void): void {
    this.#proving = true;
    const settle = (outcome: Identity | TunnelError): void => {
      this.#proving = false;
      if (!this.#over) done(outcome instanceof TunnelError ? outcome : this.#accept(outcome));
    };
    const fail = (error: unknown): void => settle(this.#failure(error));
    let proved: Identity | Promise<Identity>;
    try {
      proved = this.#authenticator.authenticate(auth);
    } catch (error) {
      return fail(error);
    }
    if (!(proved instanceof Promise)) return settle(proved);
    proved.then(settle, fail).catch((error: unknown) => this.#events.onFault(error));
  }

  /** Looks whether it still counts; about once a second, and whenever it is relied on. Returns whether it does. */
  check(): boolean {
    const identity = this.#identity;
    if (identity === undefined || this.#over) return false;
    if (!identity.stands()) return this.#end(new TunnelError("PN_AUTH_REFUSED", "no longer accepted"));
    const now = this.#now();
    if (identity.expiresAt <= now) return this.#end(new TunnelError("PN_AUTH_EXPIRED"));
    if (now >= this.#noticeAt) {
      this.#noticeAt = Infinity;
      this.#events.onExpiring(identity.expiresAt - now);
    }
    if (now >= this.#recheckAt && identity.recheck !== undefined) {
      this.#recheckAt = Infinity;
      identity.recheck.again().then(
        (found) => this.#recheck(identity, found),
        (error: unknown) => this.#recheck(identity, this.#failure(error)),
      );
    }
    return true;
  }

  /** The session is over: nobody hears anything any more. */
  dispose(): void {
    this.#over = true;
  }

  #accept(identity: Identity): Identity | TunnelError {
    const now = this.#now();
    if (identity.expiresAt <= now) return new TunnelError("PN_AUTH_EXPIRED");
    const former = this.#identity;
    if (former !== undefined && former.owner !== identity.owner)
      return new TunnelError("PN_AUTH_REFUSED", "a credential of another owner");
    this.#identity = identity;
    // Asked about again, it ends when it did before: the notice is not put off.
    if (former?.expiresAt !== identity.expiresAt)
      this.#noticeAt = identity.expiresAt - Math.min(NOTICE, (identity.expiresAt - now) / 2);
    this.#recheckAt = now + (identity.recheck?.every ?? Infinity);
    return identity;
  }

  #recheck(asked: Identity, outcome: Identity | TunnelError): void {
    // Another credential counts by now.
    if (this.#over || this.#identity !== asked) return;
    if (!(outcome instanceof TunnelError)) outcome = this.#accept(outcome);
    if (!(outcome instanceof TunnelError)) return;
    // Who cannot be asked for the moment takes nothing back.
    if (outcome.retryable) this.#recheckAt = this.#now() + (asked.recheck?.every ?? Infinity);
    else this.#end(outcome);
  }

  #end(error: TunnelError): false {
    this.#over = true;
    this.#events.onEnd(error);
    return false;
  }

  #failure(error: unknown): TunnelError {
    if (error instanceof TunnelError) return error;
    this.#events.onFault(error);
    return new TunnelError("PN_INTERNAL");
  }
}

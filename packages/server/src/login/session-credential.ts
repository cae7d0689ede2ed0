import { TunnelError, type Auth } from "@postern/protocol";
import type { Principal } from "./principal.js";

/**
 * A client is notified this many milliseconds before its credential expires. With a shorter lifetime, it is notified
 * after half of it.
 */
const NOTICE = 60_000;

/** The session of a credential. */
export interface CredentialOwner {
  /** Checks a credential of this session's client. Throws or rejects as Authenticator does. */
  authenticate(auth: Auth): Principal | Promise<Principal>;
  /** The credential expires in this many milliseconds. */
  onCredentialExpiring(milliseconds: number): void;
  /** The credential has expired or was revoked. Called once. */
  onCredentialEnd(error: TunnelError): void;
  /** The check failed with an error that is not a TunnelError. */
  onCredentialFault(error: unknown): void;
}

const unixTime = (): number => Date.now();

/** The credential of a session's client, from login to expiry, and the credentials that replace it. */
export class SessionCredential {
  readonly #session: CredentialOwner;
  readonly #now: () => number;
  #principal: Principal | undefined;
  #noticeAt = Infinity;
  #recheckAt = Infinity;
  #isAuthenticating = false;
  #isOver = false;

  /** @param now milliseconds of Unix time. */
  constructor(session: CredentialOwner, now: () => number = unixTime) {
    this.#session = session;
    this.#now = now;
  }

  /** The identity of the client; undefined before login. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /** Whether a credential is being checked. Only one is checked at a time. */
  get isAuthenticating(): boolean {
    return this.#isAuthenticating;
  }

  /** Milliseconds until the credential expires; undefined: it does not expire. */
  get remaining(): number | undefined {
    const remaining = (this.#principal?.expiresAt ?? Infinity) - this.#now();
    return remaining === Infinity ? undefined : Math.max(Math.round(remaining), 0);
  }

  /**
   * Checks `auth` and calls `done` with the outcome, if possible before it returns. An accepted credential replaces the
   * previous one.
   */
  authenticate(auth: Auth, done: (outcome: Principal | TunnelError) => void): void {
    this.#isAuthenticating = true;
    const settle = (outcome: Principal | TunnelError): void => {
      this.#isAuthenticating = false;
      if (!this.#isOver) done(outcome instanceof TunnelError ? outcome : this.#accept(outcome));
    };
    const fail = (error: unknown): void => settle(this.#failure(error));
    let outcome: Principal | Promise<Principal>;
    try {
      outcome = this.#session.authenticate(auth);
    } catch (error) {
      return fail(error);
    }
    if (!(outcome instanceof Promise)) return settle(outcome);
    outcome.then(settle, fail).catch((error: unknown) => this.#session.onCredentialFault(error));
  }

  /** Whether the credential is still valid. Call it about once a second, and before relying on the credential. */
  check(): boolean {
    const principal = this.#principal;
    if (principal === undefined || this.#isOver) return false;
    if (!principal.isAccepted()) return this.#end(new TunnelError("PN_AUTH_REFUSED", "no longer accepted"));
    const now = this.#now();
    if (principal.expiresAt <= now) return this.#end(new TunnelError("PN_AUTH_EXPIRED"));
    if (now >= this.#noticeAt) {
      this.#noticeAt = Infinity;
      this.#session.onCredentialExpiring(principal.expiresAt - now);
    }
    if (now >= this.#recheckAt && principal.recheck !== undefined) {
      this.#recheckAt = Infinity;
      principal.recheck.again().then(
        (found) => this.#onRecheck(principal, found),
        (error: unknown) => this.#onRecheck(principal, this.#failure(error)),
      );
    }
    return true;
  }

  /** Call it when the session ends. No callback is called afterwards. */
  dispose(): void {
    this.#isOver = true;
  }

  #accept(principal: Principal): Principal | TunnelError {
    const now = this.#now();
    if (principal.expiresAt <= now) return new TunnelError("PN_AUTH_EXPIRED");
    const former = this.#principal;
    if (former !== undefined && former.owner !== principal.owner)
      return new TunnelError("PN_AUTH_REFUSED", "the new credential belongs to another owner");
    this.#principal = principal;
    // A recheck that finds the same expiry must not delay the notice.
    if (former?.expiresAt !== principal.expiresAt)
      this.#noticeAt = principal.expiresAt - Math.min(NOTICE, (principal.expiresAt - now) / 2);
    this.#recheckAt = now + (principal.recheck?.every ?? Infinity);
    return principal;
  }

  #onRecheck(checked: Principal, found: Principal | TunnelError): void {
    // Another credential may have replaced this one in the meantime.
    if (this.#isOver || this.#principal !== checked) return;
    const outcome = found instanceof TunnelError ? found : this.#accept(found);
    if (!(outcome instanceof TunnelError)) return;
    // An unreachable issuer has not revoked the credential.
    if (outcome.retryable) this.#recheckAt = this.#now() + (checked.recheck?.every ?? Infinity);
    else this.#end(outcome);
  }

  #end(error: TunnelError): false {
    this.#isOver = true;
    this.#session.onCredentialEnd(error);
    return false;
  }

  #failure(error: unknown): TunnelError {
    if (error instanceof TunnelError) return error;
    this.#session.onCredentialFault(error);
    return new TunnelError("PN_INTERNAL");
  }
}

import type { Auth, TunnelError } from "@postern/protocol";
import { SYSTEM_CLOCK, type Clock } from "../clock.js";
import type { Credential, CredentialReport, RefreshableSession } from "./credential.js";
import type { SharedSource } from "./shared-sources.js";
import type { TokenSource } from "./token-source.js";

/** When a server that could not look at a new token is asked again, in milliseconds. */
const RETRY = 1_000;

/** A token that is renewed ahead of its end, and passed on over the session that lives. */
export class RenewedToken implements Credential {
  readonly #source: TokenSource;
  readonly #user: { user?: string };
  readonly #report: CredentialReport;
  readonly #clock: Clock;
  readonly release: () => void;
  #last: string | undefined;
  /** The last token was a new one, asked for because the one before it was not taken. */
  #retried = false;

  constructor(
    { source, release }: SharedSource,
    user: { user?: string },
    report: CredentialReport,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#clock = clock;
    this.#source = source;
    this.release = release;
    this.#user = user;
    this.#report = report;
  }

  async auth(): Promise<Auth> {
    this.#last = await this.#source.current();
    return { method: "token", token: this.#last, ...this.#user };
  }

  another({ code }: TunnelError): boolean {
    if ((code !== "PN_AUTH_REFUSED" && code !== "PN_AUTH_EXPIRED") || this.#last === undefined || this.#retried)
      return false;
    this.#retried = true;
    this.#source.distrust(this.#last);
    return true;
  }

  expiring(): void {
    this.#source.hurry();
  }

  follow(session: RefreshableSession, lifetime: number | undefined): () => void {
    this.#retried = false;
    if (this.#last !== undefined) this.#source.told(this.#last, lifetime);
    let over = false;
    let busy = false;
    let callOff: (() => void) | undefined;
    const pass = async (): Promise<void> => {
      const { token } = this.#source;
      // The server looks at one at a time.
      if (over || busy || token === undefined || token === this.#last) return;
      busy = true;
      callOff = undefined;
      try {
        const { expires_in_ms } = await session.refresh({ method: "token", token });
        this.#last = token;
        this.#source.told(token, expires_in_ms);
        this.#report("the token was renewed", {
          state: "renewed",
          ...(expires_in_ms === undefined ? {} : { expires_in_ms }),
        });
      } catch (thrown) {
        const { code, message, retryable } = thrown as TunnelError;
        if (over) return;
        this.#report(`the server does not take the new token: ${message}`, { state: "failed", code });
        if (retryable) callOff = this.#clock.after(RETRY, () => void pass());
        else this.#last = token;
      } finally {
        busy = false;
      }
      // Another one may have come meanwhile.
      if (callOff === undefined) void pass();
    };
    const stop = this.#source.listen({
      onToken: () => void pass(),
      onFailure: ({ code, message }, delay_ms) => {
        const next = delay_ms === undefined ? {} : { delay_ms };
        this.#report(`the token could not be renewed: ${message}`, { state: "failed", code, ...next });
      },
    });
    void pass();
    return () => {
      over = true;
      callOff?.();
      stop();
    };
  }
}

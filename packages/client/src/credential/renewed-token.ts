import type { Auth, TunnelError } from "@postern/protocol";
import { SYSTEM_CLOCK, type Clock } from "../clock.js";
import type { Credential, CredentialReport, RefreshableSession } from "./credential.js";
import type { SharedSource } from "./shared-sources.js";
import type { TokenSource } from "./token-source.js";

/** Milliseconds before a new token is sent again to a server that could not verify it. */
const RETRY = 1_000;

/** A token that is renewed before it expires. A new token replaces the old one in open sessions. */
export class RenewedToken implements Credential {
  readonly #source: TokenSource;
  readonly #user: { user?: string };
  readonly #report: CredentialReport;
  readonly #clock: Clock;
  readonly release: () => Promise<void>;
  #last: string | undefined;
  /** Whether the last token was fetched because the server refused the previous one. */
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
    if (this.#last !== undefined) this.#source.renewSoon(this.#last);
  }

  follow(session: RefreshableSession, lifetime: number | undefined): () => void {
    this.#retried = false;
    if (this.#last !== undefined) this.#source.setLifetime(this.#last, lifetime);
    let isClosed = false;
    let isRefreshing = false;
    let cancelRetry: (() => void) | undefined;
    const refresh = async (): Promise<void> => {
      const { token } = this.#source;
      // The server verifies one token at a time.
      if (isClosed || isRefreshing || token === undefined || token === this.#last) return;
      isRefreshing = true;
      cancelRetry = undefined;
      try {
        const { expires_in_ms } = await session.refresh({ method: "token", token });
        this.#last = token;
        this.#source.setLifetime(token, expires_in_ms);
        const lifetime = expires_in_ms === undefined ? {} : { expires_in_ms };
        this.#report("token renewed", { state: "renewed", ...lifetime });
      } catch (thrown) {
        const { code, message, retryable } = thrown as TunnelError;
        if (isClosed) return;
        this.#report(`the server refused the new token: ${message}`, { state: "failed", code });
        if (retryable) cancelRetry = this.#clock.after(RETRY, () => void refresh());
        else this.#last = token;
      } finally {
        isRefreshing = false;
      }
      // A newer token may have arrived in the meantime.
      if (cancelRetry === undefined) void refresh();
    };
    const stop = this.#source.listen({
      onToken: () => void refresh(),
      onFailure: ({ code, message }, delay_ms) => {
        const next = delay_ms === undefined ? {} : { delay_ms };
        this.#report(`token renewal failed: ${message}`, { state: "failed", code, ...next });
      },
    });
    void refresh();
    return () => {
      isClosed = true;
      cancelRetry?.();
      stop();
    };
  }
}

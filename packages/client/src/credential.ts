import { LOGIN_LIMITS, TunnelError, type Auth, type Refreshed } from "@postern/protocol";
import type { ConnectOptions } from "./options.js";
import { parseProxy } from "./proxy-address.js";
import { RenewedToken } from "./renewed-token.js";
import { sharedSource } from "./shared-sources.js";

/** A session whose credential can be replaced while it lives. */
export interface RefreshableSession {
  /** @throws TunnelError as the server answers. */
  refresh(auth: Auth): Promise<Refreshed>;
}

/** What a tunnel logs in with, session after session. */
export interface Credential {
  /** @throws TunnelError when there is none that could be used. */
  auth(): Promise<Auth>;
  /** No session came of the last `auth`, or one has ended, for this reason. Whether there is another credential. */
  another(error: TunnelError): boolean;
  /** A session lives by the last `auth`, for so many milliseconds if the server has said it. Returns what to call when it has ended. */
  follow(session: RefreshableSession, lifetime: number | undefined): () => void;
  /** The server says that the credential ends in so many milliseconds. */
  expiring(milliseconds: number): void;
  /** Nobody needs it any more. */
  release(): void;
}

/** Tells what becomes of tokens; `data` has a `state`: renewed, failed or expiring. */
export type CredentialReport = (message: string, data: { state: string } & Record<string, unknown>) => void;

/** @throws TypeError when `options` name no credential, or several, or a proxy that cannot be understood. */
export function credentialOf(options: ConnectOptions, report: CredentialReport): Credential {
  const { apiKey, token, tokenRefresh, user, tls } = options;
  const byCertificate = apiKey === undefined && token === undefined && tokenRefresh === undefined;
  if (byCertificate && tls?.cert !== undefined)
    return new FixedCredential({ method: "certificate", ...(user === undefined ? {} : { user }) }, report);
  if ((apiKey === undefined) === (token === undefined && tokenRefresh === undefined))
    throw new TypeError("A tunnel has either an apiKey, or a token or tokenRefresh, or a certificate in tls.");
  const who = user === undefined ? {} : { user };
  if (tokenRefresh?.proxy !== undefined) parseProxy(tokenRefresh.proxy);
  if (tokenRefresh !== undefined) return new RenewedToken(sharedSource(tokenRefresh, token), who, report);
  return new FixedCredential(
    apiKey === undefined ? { method: "token", token: token!, ...who } : { method: "api_key", api_key: apiKey, ...who },
    report,
  );
}

/** The same for every session. */
class FixedCredential implements Credential {
  readonly #auth: Auth;
  readonly #report: CredentialReport;

  constructor(auth: Auth, report: CredentialReport) {
    this.#auth = auth;
    this.#report = report;
  }

  async auth(): Promise<Auth> {
    if ((this.#auth.token?.length ?? 0) > LOGIN_LIMITS.token)
      throw new TunnelError("PN_AUTH_REFUSED", `a token has ${LOGIN_LIMITS.token} bytes at most`);
    return this.#auth;
  }

  another(): boolean {
    return false;
  }

  follow(): () => void {
    return () => {};
  }

  expiring(milliseconds: number): void {
    const when = `${Math.ceil(milliseconds / 1_000)} s`;
    const data = { state: "expiring", expires_in_ms: milliseconds };
    this.#report(
      this.#auth.method === "certificate"
        ? `the client's certificate ends in ${when}: renew it`
        : `the token ends in ${when}, and nothing renews it: give a new one, or set token_refresh`,
      data,
    );
  }

  release(): void {}
}

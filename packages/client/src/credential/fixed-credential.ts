import { LOGIN_LIMITS, TunnelError, type Auth } from "@postern/protocol";
import type { Credential, CredentialReport } from "./credential.js";

/** A credential that is the same for every session. */
export class FixedCredential implements Credential {
  readonly #auth: Auth;
  readonly #report: CredentialReport;

  constructor(auth: Auth, report: CredentialReport) {
    this.#auth = auth;
    this.#report = report;
  }

  async auth(): Promise<Auth> {
    if ((this.#auth.token?.length ?? 0) > LOGIN_LIMITS.token)
      throw new TunnelError("PN_AUTH_REFUSED", `the token has more than ${LOGIN_LIMITS.token} bytes`);
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
    const data = { state: "expiring", expires_in_ms: milliseconds } as const;
    this.#report(
      this.#auth.method === "certificate"
        ? `the client certificate expires in ${when}: renew it`
        : `the token expires in ${when} and is not renewed: configure a new one, or set token_refresh`,
      data,
    );
  }

  async release(): Promise<void> {}
}

import type { Auth, Refreshed, TunnelError } from "@postern/protocol";
import type { TokenChange } from "../tunnel-event.js";

/** An open session whose credential can be replaced. */
export interface RefreshableSession {
  /** @throws TunnelError of the server. */
  refresh(auth: Auth): Promise<Refreshed>;
}

/** The credential that each session of a tunnel logs in with. */
export interface Credential {
  /** @throws TunnelError when no usable credential is available. */
  auth(): Promise<Auth>;
  /**
   * Called when a login with the last `auth` failed, or when its session was lost. Returns whether to try another
   * credential.
   */
  another(error: TunnelError): boolean;
  /**
   * Called when a session is open with the last `auth`.
   * @param lifetime the time for which the server accepts it, in milliseconds, if known.
   * @returns a function to call when the session is closed.
   */
  follow(session: RefreshableSession, lifetime: number | undefined): () => void;
  /** The server has announced that the credential expires in this many milliseconds. */
  expiring(milliseconds: number): void;
  /** Called when the tunnel no longer uses the credential. Resolves when nothing is in progress. */
  release(): Promise<void>;
}

/** Reports a change of the tunnel's token. */
export type CredentialReport = (message: string, data: TokenChange) => void;

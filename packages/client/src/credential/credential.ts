import type { Auth, Refreshed, TunnelError } from "@postern/protocol";
import type { TokenChange } from "../tunnel-event.js";

/** An open session whose credential can be replaced. */
export interface RefreshableSession {
  /** @throws TunnelError of the server. */
  refresh(auth: Auth): Promise<Refreshed>;
}

/** The credential that each session of a tunnel logs in with. */
export interface Credential {
  /** @throws TunnelError when no usable credential can be had. */
  auth(): Promise<Auth>;
  /**
   * Is called when a login with the last `auth` failed, or its session was lost. Returns whether to try another
   * credential.
   */
  another(error: TunnelError): boolean;
  /**
   * A session is open with the last `auth`.
   * @param lifetime how long the server accepts it, in milliseconds, if known.
   * @returns a function to call when the session is closed.
   */
  follow(session: RefreshableSession, lifetime: number | undefined): () => void;
  /** The server has announced that the credential expires in this many milliseconds. */
  expiring(milliseconds: number): void;
  /** The tunnel does not use it any more. */
  release(): void;
}

/** Reports a change of the tunnel's token. */
export type CredentialReport = (message: string, data: TokenChange) => void;

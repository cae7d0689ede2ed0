import type { Auth, Refreshed, TunnelError } from "@postern/protocol";

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

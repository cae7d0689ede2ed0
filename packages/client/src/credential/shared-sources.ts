import type { TokenRefreshOptions } from "../options.js";
import { TokenSource } from "./token-source.js";

/**
 * A source, and a function to call once when the source is no longer needed. It resolves when no renewal is in
 * progress.
 */
export interface SharedSource {
  source: TokenSource;
  release: () => Promise<void>;
}

interface Shared {
  source: TokenSource;
  users: number;
}

const sources = new Map<string, Shared>();

/**
 * The source of these tokens. Tunnels with the same refresh token share a source: many issuers rotate refresh tokens,
 * and revoke all of them when an old one is used twice.
 */
export function sharedSource(options: TokenRefreshOptions, token: string | undefined): SharedSource {
  const id = JSON.stringify([options.url, options.refreshToken, options.stateFile]);
  const shared = sources.get(id) ?? { source: new TokenSource(options, token), users: 0 };
  sources.set(id, shared);
  shared.users++;
  return {
    source: shared.source,
    release: async () => {
      shared.users--;
      await shared.source.idle();
      if (shared.users === 0 && sources.get(id) === shared) sources.delete(id);
    },
  };
}

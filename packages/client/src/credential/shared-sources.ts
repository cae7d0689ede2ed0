import type { TokenRefreshOptions } from "../options.js";
import { TokenSource } from "./token-source.js";

/** A source, and what says that its user needs it no more; to be called once. */
export interface SharedSource {
  source: TokenSource;
  release: () => void;
}

interface Shared {
  source: TokenSource;
  users: number;
}

const sources = new Map<string, Shared>();

/**
 * The source of these tokens. Tunnels with the same refresh token share one: where refresh tokens change with every use, a second user of the
 * old one would lose both.
 */
export function sharedSource(options: TokenRefreshOptions, token: string | undefined): SharedSource {
  const id = JSON.stringify([options.url, options.refreshToken, options.stateFile]);
  const shared = sources.get(id) ?? { source: new TokenSource(options, token), users: 0 };
  sources.set(id, shared);
  shared.users++;
  return {
    source: shared.source,
    release: () => {
      if (--shared.users === 0) sources.delete(id);
    },
  };
}

import { TokenError } from "./token-error.js";
import { jwkKey, type TokenKey } from "./token-key.js";

/** Times are in milliseconds. */
export const KEY_LIMITS = {
  /** Keys that an issuer may publish. */
  keys: 100,
  /** How long published keys are used: until they are fetched again, and at most while fetching fails. */
  fresh: 600_000,
  stale: 3_600_000,
  /** Time between two fetches of published keys. */
  pause: 5_000,
} as const;

interface Published {
  /** By `kid`. */
  byId: Map<string, TokenKey>;
  all: TokenKey[];
  at: number;
}

/**
 * The published keys of a token issuer (JWKS, RFC 7517). They are cached, and fetched again when a token names an
 * unknown key.
 */
export class PublishedKeys {
  readonly #fetch: () => Promise<string>;
  readonly #now: () => number;
  #known: Published | undefined;
  #asking: Promise<Published> | undefined;
  #askedAt = -Infinity;

  /** @param fetch fetches the JWKS as text. @param now returns milliseconds. */
  constructor(fetch: () => Promise<string>, now: () => number) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /**
   * Returns the key that a token names; without a name, the only key. Undefined: there is no such key.
   * @throws TokenError `unavailable` while the keys cannot be fetched.
   */
  async find(kid: string | undefined): Promise<TokenKey | undefined> {
    const known = this.#known;
    const age = known === undefined ? Infinity : this.#now() - known.at;
    if (known === undefined || age > KEY_LIMITS.stale) return pick(await this.#ask(), kid);
    const key = pick(known, kid);
    // Keys that are no longer fresh are used while new ones are fetched, and for KEY_LIMITS.stale when fetching
    // fails.
    if (age > KEY_LIMITS.fresh && this.#pause <= 0) {
      const asked = this.#ask();
      if (key !== undefined) asked.catch(() => {});
      else return pick(await asked, kid);
    }
    if (key !== undefined) return key;
    return pick(await this.#ask(), kid);
  }

  /** Milliseconds until the next fetch is allowed, so that tokens with invented names cannot cause many requests. */
  get #pause(): number {
    return this.#askedAt + KEY_LIMITS.pause - this.#now();
  }

  /** Whether the last attempt to fetch the keys succeeded. */
  get #isCurrent(): boolean {
    return this.#known !== undefined && this.#known.at >= this.#askedAt;
  }

  #ask(): Promise<Published> {
    if (this.#asking !== undefined) return this.#asking;
    if (this.#pause > 0) {
      const detail = "the issuer's keys are not fetched again so soon after the last attempt";
      return Promise.reject(new TokenError("unavailable", detail, Math.ceil(this.#pause), this.#isCurrent));
    }
    this.#askedAt = this.#now();
    this.#asking = this.#fetch()
      .then((text) => (this.#known = { ...parse(text), at: this.#now() }))
      .catch((error: unknown) => {
        throw new TokenError("unavailable", `jwks_url: ${(error as Error).message}`, Math.ceil(this.#pause));
      })
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }
}

function pick({ byId, all }: Published, kid: string | undefined): TokenKey | undefined {
  if (kid !== undefined) return byId.get(kid);
  return all.length === 1 ? all[0] : undefined;
}

function parse(text: string): Omit<Published, "at"> {
  let keys: unknown;
  try {
    keys = (JSON.parse(text) as { keys?: unknown } | null)?.keys;
  } catch {
    throw new Error("the response is not JSON");
  }
  if (!Array.isArray(keys)) throw new Error("the response has no list of keys");
  if (keys.length > KEY_LIMITS.keys) throw new Error(`there are more than ${KEY_LIMITS.keys} keys`);
  const found: Omit<Published, "at"> = { byId: new Map(), all: [] };
  for (const jwk of keys as unknown[]) {
    const key = typeof jwk === "object" && jwk !== null ? jwkKey(jwk as Record<string, unknown>) : undefined;
    if (key === undefined) continue;
    found.all.push(key);
    const { kid } = jwk as { kid?: unknown };
    // The first of two keys with the same name is used.
    if (typeof kid === "string" && !found.byId.has(kid)) found.byId.set(kid, key);
  }
  if (found.all.length === 0) throw new Error("no key verifies signatures");
  return found;
}

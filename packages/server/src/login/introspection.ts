import { createHash } from "node:crypto";
import { TunnelError } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { keepNewest, outboundRequest } from "@postern/net";
import type { Claims } from "@postern/gateway";

export interface IntrospectionOptions {
  url: string;
  /** The server's credentials at the issuer (RFC 6749, section 2.3.1). */
  clientId?: string;
  clientSecret?: string;
  /**
   * How long a response is used, in milliseconds. The sessions of a revoked token end within this time plus one or two
   * seconds. Default 3,000.
   */
  interval?: number;
}

const DEFAULT_INTERVAL = 3_000;

/** An active token. */
export interface Introspected {
  claims: Claims;
  /** When the issuer was asked, as a value of `performance.now()`. */
  askedAt: number;
}

interface Cached {
  response: Promise<Introspected>;
  askedAt: number;
}

/** Asks the issuer about opaque tokens (RFC 7662), and caches the responses briefly. */
export class Introspection {
  readonly every: number;
  readonly #options: IntrospectionOptions;
  readonly #allowPrivate: boolean;
  /** By the token's hash, oldest first. */
  readonly #cache = new Map<string, Cached>();
  #asking = 0;
  /** Rechecks that wait for their turn. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: IntrospectionOptions, allowPrivate: boolean) {
    this.#options = options;
    this.#allowPrivate = allowPrivate;
    this.every = options.interval ?? DEFAULT_INTERVAL;
  }

  /**
   * Returns the claims of an active token.
   * @param known whether the token was active before. A known token waits for its turn; an unknown token is refused
   *   while too many are being checked.
   * @throws TunnelError PN_AUTH_REFUSED when the token is not active, PN_AUTH_UNAVAILABLE when it cannot be checked.
   */
  check(token: string, known = false): Promise<Introspected> {
    const now = performance.now();
    const id = createHash("sha256").update(token, "utf8").digest("base64");
    const cached = this.#cache.get(id);
    if (cached !== undefined && now - cached.askedAt < this.every) return cached.response;
    if (this.#asking >= SERVER_LIMITS.introspections && !known)
      return Promise.reject(new TunnelError("PN_AUTH_UNAVAILABLE", "too many tokens are being checked", 1_000));
    const response = this.#inTurn(token);
    this.#cache.delete(id);
    this.#cache.set(id, { response, askedAt: now });
    // A failed request must not stay in the cache.
    response.catch(({ code }: TunnelError) => code === "PN_AUTH_UNAVAILABLE" && this.#cache.delete(id));
    keepNewest(this.#cache, SERVER_LIMITS.introspected);
    return response;
  }

  async #inTurn(token: string): Promise<Introspected> {
    if (this.#asking < SERVER_LIMITS.introspections) this.#asking++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      const askedAt = performance.now();
      return { claims: await this.#ask(token), askedAt };
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#asking--;
      else next();
    }
  }

  async #ask(token: string): Promise<Claims> {
    const { url, clientId, clientSecret = "" } = this.#options;
    const login = `${encodeURIComponent(clientId ?? "")}:${encodeURIComponent(clientSecret)}`;
    const response = await outboundRequest({
      url: new URL(url),
      method: "POST",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        ...(clientId === undefined ? {} : { Authorization: `Basic ${Buffer.from(login).toString("base64")}` }),
      },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
      allowPrivate: this.#allowPrivate,
    }).catch((error: unknown) => {
      throw unavailable((error as Error).message);
    });
    if (response.status !== 200) throw unavailable(`HTTP ${response.status}`);
    let claims: unknown;
    try {
      claims = JSON.parse(response.body);
    } catch {
      throw unavailable("the response is not JSON");
    }
    const active = typeof claims === "object" && claims !== null && (claims as Claims)["active"];
    if (typeof active !== "boolean") throw unavailable("the response has no boolean `active`");
    if (!active) throw new TunnelError("PN_AUTH_REFUSED", "its issuer reports it as not active");
    return claims as Claims;
  }
}

function unavailable(why: string): TunnelError {
  return new TunnelError("PN_AUTH_UNAVAILABLE", `introspection_url: ${why}`, 1_000);
}

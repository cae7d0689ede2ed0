import { createHash } from "node:crypto";
import { TunnelError } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { outboundRequest } from "@postern/net";
import type { Claims } from "./token-claims.js";

export interface IntrospectionOptions {
  url: string;
  /** With these the server logs in at the issuer (RFC 6749, section 2.3.1). */
  clientId?: string;
  clientSecret?: string;
  /** How long an answer counts, in milliseconds. Default 3,000: so soon a token that was taken back ends its sessions, within a second or two. */
  interval?: number;
}

const DEFAULT_INTERVAL = 3_000;

/** What the issuer said. */
export interface Introspected {
  claims: Claims;
  /** When it was asked, by the clock of `performance.now()`. */
  askedAt: number;
}

interface Remembered {
  answer: Promise<Introspected>;
  askedAt: number;
}

/** Asks the issuer what an opaque token is worth (RFC 7662), and remembers that for a moment. */
export class Introspection {
  readonly every: number;
  readonly #options: IntrospectionOptions;
  readonly #allowPrivate: boolean;
  /** By the token's hash, oldest first. */
  readonly #answers = new Map<string, Remembered>();
  #asking = 0;
  /** Those who wait for their turn to ask. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: IntrospectionOptions, allowPrivate: boolean) {
    this.#options = options;
    this.#allowPrivate = allowPrivate;
    this.every = options.interval ?? DEFAULT_INTERVAL;
  }

  /**
   * What the issuer says of an active token.
   * @param known it was active before: its turn to be asked about comes, however many strangers come with tokens of their own.
   * @throws TunnelError PN_AUTH_REFUSED when it is none, PN_AUTH_UNAVAILABLE when that cannot be known.
   */
  answer(token: string, known = false): Promise<Introspected> {
    const now = performance.now();
    const id = createHash("sha256").update(token, "utf8").digest("base64");
    const remembered = this.#answers.get(id);
    if (remembered !== undefined && now - remembered.askedAt < this.every) return remembered.answer;
    if (this.#asking >= SERVER_LIMITS.introspections && !known)
      return Promise.reject(new TunnelError("PN_AUTH_UNAVAILABLE", "too many tokens at once", 1_000));
    const answer = this.#inTurn(token);
    this.#answers.delete(id);
    this.#answers.set(id, { answer, askedAt: now });
    // That nobody could be asked is not worth remembering.
    answer.catch(({ code }: TunnelError) => code === "PN_AUTH_UNAVAILABLE" && this.#answers.delete(id));
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= SERVER_LIMITS.introspected) break;
      this.#answers.delete(oldest);
    }
    return answer;
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
    const answer = await outboundRequest({
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
    if (answer.status !== 200) throw unavailable(`HTTP ${answer.status}`);
    let claims: unknown;
    try {
      claims = JSON.parse(answer.body);
    } catch {
      throw unavailable("the answer is not JSON");
    }
    const active = typeof claims === "object" && claims !== null && (claims as Claims)["active"];
    if (typeof active !== "boolean") throw unavailable("the answer does not say whether the token is active");
    if (!active) throw new TunnelError("PN_AUTH_REFUSED", "its issuer says that it is not active");
    return claims as Claims;
  }
}

function unavailable(why: string): TunnelError {
  return new TunnelError("PN_AUTH_UNAVAILABLE", `introspection_url: ${why}`, 1_000);
}

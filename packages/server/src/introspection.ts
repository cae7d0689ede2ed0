import { createHash } from "node:crypto";
import { TunnelError } from "@postern/protocol";
import { SERVER_LIMITS } from "./limits.js";
import { outboundRequest } from "./outbound-request.js";
import type { Claims } from "./token-claims.js";

export interface IntrospectionOptions {
  url: string;
  /** With these the server logs in at the issuer (RFC 6749, section 2.3.1). */
  clientId?: string;
  clientSecret?: string;
  /** How long an answer counts, in milliseconds. Default 5,000: so soon a token that was taken back ends its sessions. */
  interval?: number;
}

const DEFAULT_INTERVAL = 5_000;

interface Remembered {
  claims: Promise<Claims>;
  until: number;
}

/** Asks the issuer what an opaque token is worth (RFC 7662), and remembers that for a moment. */
export class Introspection {
  readonly every: number;
  readonly #options: IntrospectionOptions;
  readonly #allowPrivate: boolean;
  /** By the token's hash, oldest first. */
  readonly #answers = new Map<string, Remembered>();
  #asking = 0;

  constructor(options: IntrospectionOptions, allowPrivate: boolean) {
    this.#options = options;
    this.#allowPrivate = allowPrivate;
    this.every = options.interval ?? DEFAULT_INTERVAL;
  }

  /** What the issuer says of an active token. @throws TunnelError PN_AUTH_REFUSED when it is none, PN_AUTH_UNAVAILABLE when that cannot be known. */
  claims(token: string): Promise<Claims> {
    const now = performance.now();
    const id = createHash("sha256").update(token, "utf8").digest("base64");
    const known = this.#answers.get(id);
    if (known !== undefined && known.until > now) return known.claims;
    if (this.#asking >= SERVER_LIMITS.introspections)
      return Promise.reject(new TunnelError("PN_AUTH_UNAVAILABLE", "too many tokens at once", 1_000));
    this.#asking++;
    const claims = this.#ask(token).finally(() => this.#asking--);
    this.#answers.delete(id);
    this.#answers.set(id, { claims, until: now + this.every });
    // That nobody could be asked is not worth remembering.
    claims.catch(({ code }: TunnelError) => code === "PN_AUTH_UNAVAILABLE" && this.#answers.delete(id));
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= SERVER_LIMITS.introspected) break;
      this.#answers.delete(oldest);
    }
    return claims;
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

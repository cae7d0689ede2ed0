import { refusals, type Refusal } from "../../http/index.js";
import { KeptEntries } from "../../shared-room/kept-entries.js";
import { checkClaims, type Claims } from "../../tokens/claims.js";
import { jwtClaims, type KeySource } from "../../tokens/jwt-verifier.js";
import { keySource, type KeyOptions } from "../../tokens/key-source.js";
import { TokenError } from "../../tokens/token-error.js";
import { targetField } from "../credential/target-field.js";
import { AttemptLimit } from "../rate-limit/attempt-limit.js";
import { RateEntry, type Rate } from "../rate-limit/rate-table.js";
import type { Tenancy } from "../tenancy.js";
import type { FieldEdits, Step, StepRequest, Verdict } from "../step.js";

/** Which tokens admit visitors. One of the keys is set. */
export interface JwtOptions extends KeyOptions {
  /** The required `iss`. Default: any. */
  readonly issuer?: string | undefined;
  /** The required audience in `aud`. Default: any. */
  readonly audience?: string | undefined;
  /** Claims for targets, by the name of the field that contains them. */
  readonly fields: Readonly<Record<string, string>>;
  /** Whether targets get no token: it is also valid for targets of other owners. Default false. */
  readonly dropsToken?: boolean | undefined;
}

/** What a step for tokens needs. */
export interface JwtDependencies {
  /** Unix time in milliseconds. Default: the system's. */
  readonly now?: () => number;
  /** Called with the reason when keys cannot be fetched, and not again until they were. */
  readonly onWarning?: (text: string) => void;
}

/** Checks of tokens of a visitor that are not known to be valid: 100 at once, and 100 a minute. */
const CHECKS: Rate = { interval: 600, burst: 100 };
/** How long a token is known to be valid, in milliseconds: a key may be withdrawn. */
const KNOWN = 300_000;
/** Of a key that an owner of tunnels publishes: larger ones cost the server much time for each token. */
const MOST_BITS = 4_096;
const MOST_KNOWN = 4_096;
const LONGEST = 8_192;

const needed = (error: string): Refusal => ({
  ...refusals.PN_ACCESS_TOKEN,
  fields: { "WWW-Authenticate": `Bearer realm="restricted"${error}` },
});
const MISSING = needed("");
const INVALID = needed(', error="invalid_token"');

interface Known {
  /** Milliseconds of Unix time. */
  readonly until: number;
  readonly edits: FieldEdits;
}

/** Admits visitors with a valid JWT in the Authorization field (RFC 6750, section 2.1). */
export class JwtStep implements Step {
  readonly name = "jwt";
  readonly #keys: KeySource;
  readonly #options: JwtOptions;
  /** Name of the field, in lower case, name in its line, and claim. */
  readonly #fields: readonly (readonly [name: string, written: string, claim: string])[];
  readonly #now: () => number;
  readonly #onWarning: (text: string) => void;
  #isFailing = false;
  /** By token, the oldest first. Only tokens that were valid are kept. */
  readonly #known: KeptEntries<Known>;
  #checks: AttemptLimit;

  /** @throws RangeError for a key or the name of a field that is not valid. */
  constructor(
    options: JwtOptions,
    { now = Date.now, onWarning = () => {} }: JwtDependencies = {},
    tenancy?: Pick<Tenancy, "room">,
  ) {
    this.#checks = new AttemptLimit(CHECKS, tenancy?.room);
    this.#known = new KeptEntries({ most: MOST_KNOWN, room: tenancy?.room, placesOf });
    const keys = keySource(tenancy === undefined ? options : { ...options, mostBits: MOST_BITS });
    if (keys === undefined) throw new RangeError("Tokens need a secret, a public key or a jwksUrl.");
    this.#keys = keys;
    this.#options = options;
    this.#fields = Object.entries(options.fields).map(([name, claim]) => [targetField(name), name, claim]);
    this.#now = now;
    this.#onWarning = onWarning;
  }

  check(request: StepRequest): Verdict | Promise<Verdict> {
    const token = bearer(request.fieldValue("authorization"));
    if (token === "") return MISSING;
    const known = this.#known.get(token);
    if (known !== undefined && known.until > this.#now()) {
      request.edit(known.edits);
      return undefined;
    }
    if (known !== undefined) this.#known.forget(token);
    const { startedAt } = request;
    const checks = this.#checks.admit(request.address, startedAt);
    if (!(checks instanceof RateEntry)) return checks;
    this.#checks.count(checks, startedAt);
    return this.#verify(request, token, checks);
  }

  inherit(former: Step): void {
    if (!(former instanceof JwtStep)) return;
    this.#checks = former.#checks;
    former.#known.forgetAll();
  }

  close(): void {
    this.#checks.close();
    this.#known.forgetAll();
  }

  /** @param checks those of the visitor: a valid token does not count */
  async #verify(request: StepRequest, token: string, checks: RateEntry): Promise<Verdict> {
    const { signal } = request;
    try {
      const claims = await jwtClaims(token, this.#keys);
      this.#isFailing = false;
      const { issuer, audience } = this.#options;
      const expiresAt = checkClaims(claims, { issuer, audience, longest: Infinity }, this.#now());
      const known = { until: Math.min(expiresAt, this.#now() + KNOWN), edits: this.#edits(claims) };
      this.#checks.forgive(checks);
      // So that it is the newest one.
      this.#known.forget(token);
      this.#known.add(token, known);
      if (!signal.aborted) request.edit(known.edits);
      return undefined;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // Strangers can invent names of keys.
      const isRefused = error.kind !== "unavailable" || error.isKeyUnknown;
      return isRefused ? INVALID : this.#unavailable(error);
    }
  }

  #unavailable({ message, retryAfter }: TokenError): Refusal {
    if (!this.#isFailing) this.#onWarning(`Tokens of visitors cannot be checked: ${message}`);
    this.#isFailing = true;
    const refusal = refusals.PN_ACCESS_ISSUER;
    return retryAfter === undefined ? refusal : { ...refusal, retryAfter: Math.max(1, Math.ceil(retryAfter / 1_000)) };
  }

  /** The fields for the target. A claim that is missing, or cannot be a field, is no field, also not a visitor's. */
  #edits(claims: Claims): FieldEdits {
    const lines = this.#fields.map(([, written, claim]) => {
      const text = claimText(Object.hasOwn(claims, claim) ? claims[claim] : undefined);
      return text === undefined ? "" : `${written}: ${text}\r\n`;
    });
    const principal = claimText(Object.hasOwn(claims, "sub") ? claims["sub"] : undefined);
    const names = this.#fields.map(([name]) => name);
    if (this.#options.dropsToken === true) names.unshift("authorization");
    return { names, lines: lines.join(""), principal };
  }
}

/** The places of a token in a room that is shared: most entries there have about 200 bytes. */
function placesOf(token: string): number {
  return 1 + Math.ceil(token.length / 200);
}

function bearer(field: string): string {
  const [, token = ""] = /^bearer +([\w.~+/-]+=*)$/i.exec(field) ?? [];
  return token.length > LONGEST ? "" : token;
}

/**
 * A claim as the value of a field: bytes in Latin-1. Lists are joined by commas, without the parts that contain one:
 * the target would read them as several parts.
 */
function claimText(claim: unknown): string | undefined {
  const all: unknown[] = Array.isArray(claim) ? claim : [claim];
  const parts = Array.isArray(claim) ? all.filter((part) => !String(part).includes(",")) : all;
  if (!parts.every((part) => ["string", "number", "boolean"].includes(typeof part))) return undefined;
  // Before it is encoded, because the last byte of a letter may be a space of Latin-1.
  const text = Buffer.from(parts.join(",").trim()).toString("latin1");
  // eslint-disable-next-line no-control-regex
  return text === "" || text.length > LONGEST || /[\0-\x1f\x7f]/.test(text) ? undefined : text;
}

import { createHash, timingSafeEqual } from "node:crypto";
import { TunnelError, type Auth } from "@postern/protocol";
import type { Authenticator, Principal } from "./principal.js";
import { NamePatterns } from "../names/name-patterns.js";
import type { ApiKey } from "../options.js";

/** An accepted key: its hash and its owner. The key itself is not kept. */
export interface Credential {
  readonly digest: Buffer;
  readonly owner: string;
  /** The same for all sessions with this key. */
  readonly principal: Principal;
}

/** Checks API keys by their hash. */
export class ApiKeys implements Authenticator {
  #credentials = new Map<string, Credential>();

  constructor(keys: readonly ApiKey[]) {
    this.replace(keys);
  }

  /** Accepts only these keys from now on. */
  replace(keys: readonly ApiKey[]): void {
    this.#credentials = new Map(
      keys.map(({ key, owner }) => {
        const digest = hash(key);
        return [digest.toString("hex"), { digest, owner, principal: this.#principal(digest, owner) }];
      }),
    );
  }

  authenticate({ api_key }: Auth): Principal {
    const credential = api_key === undefined ? undefined : this.find(api_key);
    if (credential === undefined) throw new TunnelError("PN_AUTH_REFUSED", "the API key is unknown");
    return credential.principal;
  }

  /** The credential of a key; undefined: the key is unknown. */
  find(key: string): Credential | undefined {
    const digest = hash(key);
    const known = this.#credentials.get(digest.toString("hex"));
    return known !== undefined && timingSafeEqual(known.digest, digest) ? known : undefined;
  }

  /** Whether a credential that was found earlier is still accepted for the same owner. */
  accepts({ digest, owner }: Pick<Credential, "digest" | "owner">): boolean {
    return this.#credentials.get(digest.toString("hex"))?.owner === owner;
  }

  #principal(digest: Buffer, owner: string): Principal {
    const isAccepted = (): boolean => this.accepts({ digest, owner });
    return { owner, user: undefined, names: NamePatterns.any, expiresAt: Infinity, isAccepted, recheck: undefined };
  }
}

function hash(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

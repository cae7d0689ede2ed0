import { createHash, timingSafeEqual } from "node:crypto";
import type { ApiKey } from "./options.js";

/** A key that is accepted: its hash, and whose it is. The key itself is not kept. */
export interface Credential {
  readonly digest: Buffer;
  readonly owner: string;
}

/** Knows API keys by their hash. */
export class ApiKeys {
  #credentials = new Map<string, Credential>();

  constructor(keys: readonly ApiKey[]) {
    this.replace(keys);
  }

  /** From now on these keys are accepted, and no others. */
  replace(keys: readonly ApiKey[]): void {
    this.#credentials = new Map(
      keys.map(({ key, owner }) => {
        const digest = hash(key);
        return [digest.toString("hex"), { digest, owner }];
      }),
    );
  }

  /** Undefined: the key is nobody's. */
  find(key: string): Credential | undefined {
    const digest = hash(key);
    const known = this.#credentials.get(digest.toString("hex"));
    return known !== undefined && timingSafeEqual(known.digest, digest) ? known : undefined;
  }

  /** Whether a credential that was found once still counts, for the same owner. */
  accepts({ digest, owner }: Credential): boolean {
    return this.#credentials.get(digest.toString("hex"))?.owner === owner;
  }
}

function hash(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

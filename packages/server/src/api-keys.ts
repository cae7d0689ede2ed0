import { createHash, timingSafeEqual } from "node:crypto";
import type { ApiKey } from "./options.js";

/** Knows API keys by their hash: the keys themselves are not kept. */
export class ApiKeys {
  readonly #owners = new Map<string, { digest: Buffer; owner: string }>();

  constructor(keys: ApiKey[]) {
    for (const { key, owner } of keys) {
      const digest = hash(key);
      this.#owners.set(digest.toString("hex"), { digest, owner });
    }
  }

  /** Whose key it is; undefined: nobody's. */
  owner(key: string): string | undefined {
    const digest = hash(key);
    const known = this.#owners.get(digest.toString("hex"));
    return known !== undefined && timingSafeEqual(known.digest, digest) ? known.owner : undefined;
  }
}

function hash(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

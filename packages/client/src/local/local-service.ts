import { FEATURES, type ErrorCode } from "@postern/protocol";
import type { LocalAddress } from "./local-address.js";
import { reachLocal } from "./reach-local.js";

/** How long the result of a check for TLS is used, in milliseconds. */
const CHECKED = 10_000;
/** How long a check for TLS may take, in milliseconds. */
const CHECK_TIMEOUT = 2_000;

/** The local service of a session: what its connections share. */
export class LocalService {
  readonly address: LocalAddress;
  /** Whether a connection has received anything but TLS. */
  isPlain = false;
  readonly #knowsDialCodes: boolean;
  #usesTls: Promise<boolean> | undefined;
  #checkedAt = -Infinity;

  /** @param features of the session. */
  constructor(address: LocalAddress, features: readonly string[] = []) {
    this.address = address;
    this.#knowsDialCodes = features.includes(FEATURES.dialCodes);
  }

  /** Whether a connection that closes without a response may have been closed because the service expects TLS. */
  get mayUseTls(): boolean {
    return !this.address.tls && !this.isPlain;
  }

  /** Whether the service completes a TLS handshake. Concurrent and frequent calls share one check. */
  usesTls(): Promise<boolean> {
    const now = performance.now();
    if (this.#usesTls !== undefined && now - this.#checkedAt < CHECKED) return this.#usesTls;
    this.#checkedAt = now;
    return (this.#usesTls = acceptsTls(this.address));
  }

  /** The code for resetting a stream: servers without the feature do not know all codes. */
  resetCode(code: ErrorCode): ErrorCode {
    const isNew = code === "PN_DIAL_UNTRUSTED" || code === "PN_DIAL_SCHEME";
    return isNew && !this.#knowsDialCodes ? "PN_DIAL_FAILED" : code;
  }
}

/** Whether the service at a plain address completes a TLS handshake. The certificate is not verified. */
export async function acceptsTls(address: LocalAddress): Promise<boolean> {
  try {
    await reachLocal({ ...address, tls: true, trust: { verify: false } }, AbortSignal.timeout(CHECK_TIMEOUT));
    return true;
  } catch {
    return false;
  }
}

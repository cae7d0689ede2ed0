import { createHmac, timingSafeEqual } from "node:crypto";
import { SignatureFault } from "./signature-fault.js";
import { signatureScheme, type FieldReader, type SignatureClaim, type SignatureScheme } from "./signature-scheme.js";
import { SIGNATURE_LIMITS, type WebhookOptions } from "./webhook-options.js";

/** Verifies the signatures of webhooks. */
export class WebhookSignature {
  readonly #scheme: SignatureScheme;
  readonly #keys: readonly Buffer[];
  /** In milliseconds. */
  readonly window: number;

  /** @throws RangeError for options that are not valid. */
  constructor(options: WebhookOptions) {
    const { secrets, window = SIGNATURE_LIMITS.window } = options;
    if (secrets.length === 0 || secrets.some((secret) => secret === ""))
      throw new RangeError("A webhook needs a secret.");
    if (secrets.length > SIGNATURE_LIMITS.secrets)
      throw new RangeError(`A webhook can have at most ${SIGNATURE_LIMITS.secrets} secrets.`);
    this.#scheme = signatureScheme(options);
    this.#keys = secrets.map((secret) => this.#scheme.keyOf(secret));
    this.window = window;
  }

  /** Reads the fields of a request, and checks the time. @param now milliseconds of Unix time */
  read(field: FieldReader, now: number): SignatureClaim | SignatureFault {
    const claim = this.#scheme.read(field);
    if (claim instanceof SignatureFault || claim.time === undefined) return claim;
    const age = now - claim.time * 1_000;
    if (Math.abs(age) <= this.window) return claim;
    const seconds = Math.round(Math.abs(age) / 1_000);
    return age > 0
      ? new SignatureFault("old", `it was signed ${seconds} seconds ago`)
      : new SignatureFault("early", `it was signed ${seconds} seconds in the future: compare the clocks`);
  }

  /** The digest of the body, if one of the signatures is the right one. It tells one signed request from another. */
  verify({ lead, signatures }: SignatureClaim, body: Buffer): string | SignatureFault {
    const { algorithm } = this.#scheme;
    const bytes = Buffer.from(lead, "latin1");
    let found: Buffer | undefined;
    for (const key of this.#keys) {
      const digest = createHmac(algorithm, key).update(bytes).update(body).digest();
      for (const signature of signatures) if (timingSafeEqual(digest, signature)) found = digest;
    }
    return found === undefined
      ? new SignatureFault("mismatch", "no secret of the route makes its signature, or its body was changed on its way")
      : found.toString("base64url");
  }
}

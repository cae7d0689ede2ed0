export const WEBHOOK_KINDS = ["github", "stripe", "slack", "standard-webhooks", "hmac"] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

/** How the senders of webhooks sign their requests. */
export interface WebhookOptions {
  readonly kind: WebhookKind;
  /** Each of them makes valid signatures, so that a secret can be replaced. At least one. */
  readonly secrets: readonly string[];
  /** Most milliseconds between the time in a request and now, before and after. Default: `SIGNATURE_LIMITS.window`. */
  readonly window?: number | undefined;
  /** For the kind `hmac`. */
  readonly hmac?: HmacOptions | undefined;
}

/** A signature of the body alone. */
export interface HmacOptions {
  /** Name of the field with the signature. */
  readonly header: string;
  readonly algorithm: "sha1" | "sha256" | "sha512";
  readonly encoding: "hex" | "base64";
  /** Text before the signature. */
  readonly prefix: string;
}

/** `window`: milliseconds. `secrets`: of one route, because each makes a signature. `signatures`: of one request. */
export const SIGNATURE_LIMITS = { window: 300_000, secrets: 8, signatures: 16 } as const;

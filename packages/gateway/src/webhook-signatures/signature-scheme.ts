import { SIGNATURE_LIMITS, type HmacOptions, type WebhookOptions } from "./webhook-options.js";
import { SignatureFault } from "./signature-fault.js";
import { digestOf } from "./signature-text.js";

/** The value of a field (name in lower case); empty unless there is exactly one. */
export type FieldReader = (name: string) => string;

/** What the fields of a request claim about its body. */
export interface SignatureClaim {
  /** What is signed before the body: bytes in Latin-1. */
  readonly lead: string;
  /** One of them has to be that of the lead and the body. */
  readonly signatures: readonly Buffer[];
  /** Seconds of Unix time; undefined: the scheme has no time. */
  readonly time: number | undefined;
}

/** How one kind of sender signs. */
export interface SignatureScheme {
  readonly algorithm: HmacOptions["algorithm"];
  /** @throws RangeError for a secret that cannot be one of this kind; the message does not contain it. */
  keyOf(secret: string): Buffer;
  read(field: FieldReader): SignatureClaim | SignatureFault;
}

/** Bytes of a digest. */
const LENGTHS = { sha1: 20, sha256: 32, sha512: 64 } as const;
const TIME = /^[0-9]{1,12}$/;

const textKey = (secret: string): Buffer => Buffer.from(secret);
const missing = (name: string): SignatureFault =>
  new SignatureFault("missing", `there is no header ${name}, or more than one`);
const malformed = (name: string): SignatureFault =>
  new SignatureFault("malformed", `the header ${name} does not have the form of this kind`);

/** @throws RangeError for options without those of `hmac`. */
export function signatureScheme({ kind, hmac }: WebhookOptions): SignatureScheme {
  if (kind !== "hmac") return SCHEMES[kind];
  if (hmac === undefined) throw new RangeError("The kind hmac needs a header.");
  return bodyOnly(hmac);
}

/** The signature of the body in one field. */
function bodyOnly({ header, algorithm, encoding, prefix }: HmacOptions): SignatureScheme {
  const name = header.toLowerCase();
  return {
    algorithm,
    keyOf: textKey,
    read(field) {
      const value = field(name);
      if (value === "") return missing(header);
      if (!value.startsWith(prefix)) return malformed(header);
      const signature = digestOf(value.slice(prefix.length), encoding, LENGTHS[algorithm]);
      return signature === undefined ? malformed(header) : { lead: "", signatures: [signature], time: undefined };
    },
  };
}

const SLACK: SignatureScheme = {
  algorithm: "sha256",
  keyOf: textKey,
  read(field) {
    const [time, value] = [field("x-slack-request-timestamp"), field("x-slack-signature")];
    if (time === "") return missing("X-Slack-Request-Timestamp");
    if (value === "") return missing("X-Slack-Signature");
    if (!TIME.test(time)) return malformed("X-Slack-Request-Timestamp");
    const signature = value.startsWith("v0=") ? digestOf(value.slice(3), "hex", LENGTHS.sha256) : undefined;
    if (signature === undefined) return malformed("X-Slack-Signature");
    return { lead: `v0:${time}:`, signatures: [signature], time: Number(time) };
  },
};

/** Elements `t=` and `v1=`; those of other versions are ignored. */
const STRIPE: SignatureScheme = {
  algorithm: "sha256",
  keyOf: textKey,
  read(field) {
    const value = field("stripe-signature");
    if (value === "") return missing("Stripe-Signature");
    const parts = value.split(",").map((part) => part.trim());
    const times = parts.filter((part) => part.startsWith("t=")).map((part) => part.slice(2));
    const [time = ""] = times;
    const signatures = digests(parts, "v1=", "hex");
    if (times.length !== 1 || !TIME.test(time) || signatures.length === 0) return malformed("Stripe-Signature");
    return { lead: `${time}.`, signatures, time: Number(time) };
  },
};

/** https://www.standardwebhooks.com: the signatures `v1,`; those of other versions are ignored. */
const STANDARD: SignatureScheme = {
  algorithm: "sha256",
  keyOf(secret) {
    const text = secret.replace(/^whsec_/, "");
    const key = Buffer.from(text, "base64");
    if (key.length === 0 || key.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, ""))
      throw new RangeError("A secret of the kind standard-webhooks is base64, usually after whsec_.");
    return key;
  },
  read(field) {
    const [id, time, value] = [field("webhook-id"), field("webhook-timestamp"), field("webhook-signature")];
    if (id === "") return missing("webhook-id");
    if (time === "") return missing("webhook-timestamp");
    if (value === "") return missing("webhook-signature");
    // A dot ends the id, so that no other id, time and body have the same signature.
    if (id.includes(".")) return malformed("webhook-id");
    if (!TIME.test(time)) return malformed("webhook-timestamp");
    const signatures = digests(value.split(" "), "v1,", "base64");
    if (signatures.length === 0) return malformed("webhook-signature");
    return { lead: `${id}.${time}.`, signatures, time: Number(time) };
  },
};

function digests(parts: readonly string[], prefix: string, encoding: "hex" | "base64"): Buffer[] {
  return parts
    .filter((part) => part.startsWith(prefix))
    .slice(0, SIGNATURE_LIMITS.signatures)
    .flatMap((part) => digestOf(part.slice(prefix.length), encoding, LENGTHS.sha256) ?? []);
}

const SCHEMES = {
  github: bodyOnly({ header: "X-Hub-Signature-256", algorithm: "sha256", encoding: "hex", prefix: "sha256=" }),
  stripe: STRIPE,
  slack: SLACK,
  "standard-webhooks": STANDARD,
} as const;

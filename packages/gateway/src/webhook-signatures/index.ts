export { SeenSignatures } from "./seen-signatures.js";
export { SignatureFault, type FaultKind } from "./signature-fault.js";
export type { FieldReader, SignatureClaim } from "./signature-scheme.js";
export {
  WEBHOOK_KINDS,
  SIGNATURE_LIMITS,
  type HmacOptions,
  type WebhookKind,
  type WebhookOptions,
} from "./webhook-options.js";
export { WebhookSignature } from "./webhook-signature.js";

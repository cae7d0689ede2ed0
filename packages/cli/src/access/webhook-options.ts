import type { RouteConfiguration } from "@postern/config";
import { SIGNATURE_LIMITS, WebhookSignature, type WebhookStepOptions } from "@postern/gateway/policies";
import { CliError } from "../errors.js";

const FIX = "Write one secret per line, as the sender shows it.";

/** The signatures that `[proxy.access.webhook]` accepts. Throws PN_WEBHOOK_SECRET, which never shows a secret. */
export function webhookOptions(
  { kind, secret, header, algorithm, encoding, prefix, window, max_size }: RouteConfiguration["access"]["webhook"],
  secretFile?: { readonly text: string; readonly file: string },
): WebhookStepOptions | undefined {
  if (kind === undefined) return undefined;
  const more = secretFile === undefined ? [] : secretFile.text.split(/\r\n|\n|\r/).filter((line) => line !== "");
  const secrets = [...secret, ...more];
  const place = secretFile?.file ?? "The webhook of a route";
  if (secrets.length === 0) throw new CliError("PN_WEBHOOK_SECRET", `${place} contains no secret.`, FIX);
  if (secrets.length > SIGNATURE_LIMITS.secrets)
    throw new CliError("PN_WEBHOOK_SECRET", `${place} has more than ${SIGNATURE_LIMITS.secrets} secrets.`, FIX);
  const options: WebhookStepOptions = {
    kind,
    secrets,
    window,
    maxSize: max_size,
    ...(kind === "hmac" && header !== undefined ? { hmac: { header, algorithm, encoding, prefix } } : {}),
  };
  try {
    new WebhookSignature(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CliError("PN_WEBHOOK_SECRET", `${place}: ${error.message}`, FIX);
  }
  return options;
}

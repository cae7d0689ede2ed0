import type { RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import type { RuleViolation } from "./rule-violation.js";

/** The most secrets of a route. */
const MOST_SECRETS = 8;
/** The options of the kind `hmac`. */
const HMAC = ["header", "algorithm", "encoding", "prefix"] as const;

/** Checks which signatures of webhooks a route accepts. */
export function* webhookViolations(
  { webhook }: RouteConfiguration["access"],
  path: Path,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  const place = [...path, "webhook"];
  const isSet = (name: string): boolean => originOf([...place, name]) !== "default";
  if (!Object.keys(webhook).some(isSet)) return;
  const { kind, secret, secret_file, header } = webhook;
  if (kind === undefined) yield { path: place, message: 'a webhook requires a kind. Add one: kind = "github"' };
  if (secret.length === 0 && secret_file === undefined)
    yield { path: place, message: "a webhook requires a secret. Set secret or secret_file." };
  if (secret.includes(""))
    yield { path: [...place, "secret"], message: "the secret is empty. Set the one of the sender." };
  if (secret.length > MOST_SECRETS)
    yield { path: [...place, "secret"], message: `there can be at most ${MOST_SECRETS} secrets. Remove old ones.` };
  if (kind === "hmac" && header === undefined)
    yield { path: place, message: 'the kind "hmac" requires a header. Add one: header = "X-Signature"' };
  const needsHmac = kind === undefined || kind === "hmac" ? undefined : HMAC.find(isSet);
  if (needsHmac !== undefined)
    yield { path: [...place, needsHmac], message: `${needsHmac} is only for the kind "hmac". Remove it.` };
  if (kind !== "standard-webhooks" || secret.every(isBase64)) return;
  const message = "a secret of this kind is base64, usually after whsec_. Copy it again from the sender.";
  yield { path: [...place, "secret"], message };
}

function isBase64(secret: string): boolean {
  const text = secret.replace(/^whsec_/, "").replace(/=+$/, "");
  return text !== "" && Buffer.from(text, "base64").toString("base64").replace(/=+$/, "") === text;
}

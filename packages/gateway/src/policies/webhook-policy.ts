import { WEBHOOK_BODY } from "../middleware/webhook/webhook-step.js";
import { SIGNATURE_LIMITS, WEBHOOK_KINDS, type HmacOptions, type WebhookKind } from "../webhook-signatures/index.js";
import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";

const LONGEST_SECRET = 512;
const LONGEST_TEXT = 128;
const ALGORITHMS = ["sha256", "sha1", "sha512"] as const;
const ENCODINGS = ["hex", "base64"] as const;
const [SHORTEST_WINDOW, LONGEST_WINDOW] = [1_000, 3_600_000];

export const webhook: PolicyKind = {
  key: "webhook",
  read(value, options) {
    const table = new PolicyTable(value, "webhook");
    const kind = oneOf(table, "kind", WEBHOOK_KINDS) ?? invalid("webhook needs a kind");
    const secrets = table.texts("secret", LONGEST_SECRET) ?? [];
    const hmac = hmacOf(table, kind);
    const window = table.integer("window", SHORTEST_WINDOW) ?? SIGNATURE_LIMITS.window;
    const maxSize = table.integer("max_size") ?? WEBHOOK_BODY.usual;
    table.end();
    if (window > LONGEST_WINDOW) invalid(`window of webhook must be at most ${LONGEST_WINDOW}`);
    if (maxSize > WEBHOOK_BODY.most) invalid(`max_size of webhook must be at most ${WEBHOOK_BODY.most}`);
    options.webhook = { kind, secrets, ...(hmac === undefined ? {} : { hmac }), window, maxSize };
  },
  write: ({ webhook: given }) =>
    given && {
      kind: given.kind,
      secret: given.secrets,
      header: given.hmac?.header,
      algorithm: given.hmac?.algorithm,
      encoding: given.hmac?.encoding,
      prefix: given.hmac?.prefix === "" ? undefined : given.hmac?.prefix,
      window: given.window,
      max_size: given.maxSize,
    },
  words: ({ webhook: given }) => given && `signed webhooks (${given.kind})`,
};

function hmacOf(table: PolicyTable, kind: WebhookKind): HmacOptions | undefined {
  const header = table.text("header", LONGEST_TEXT);
  const algorithm = oneOf(table, "algorithm", ALGORITHMS);
  const encoding = oneOf(table, "encoding", ENCODINGS);
  const prefix = table.text("prefix", LONGEST_TEXT);
  if (kind === "hmac")
    return {
      header: header ?? invalid("webhook of the kind hmac needs a header"),
      algorithm: algorithm ?? "sha256",
      encoding: encoding ?? "hex",
      prefix: prefix ?? "",
    };
  if ((header ?? algorithm ?? encoding ?? prefix) !== undefined)
    invalid("header, algorithm, encoding and prefix of webhook are only for the kind hmac");
  return undefined;
}

function oneOf<Word extends string>(table: PolicyTable, key: string, words: readonly Word[]): Word | undefined {
  const given = table.text(key, LONGEST_TEXT);
  if (given === undefined) return undefined;
  return words.find((word) => word === given) ?? invalid(`${key} of webhook must be one of ${words.join(", ")}`);
}

import { createPublicKey } from "node:crypto";
import type { StepOptions } from "../middleware/chain/route-steps.js";
import { invalid } from "./policy-error.js";
import type { PolicyKind, PolicyPermission } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";
import { publicUrl } from "./public-url.js";

const LONGEST_TEXT = 1_024;
const LONGEST_KEY = 4_096;
/** Larger keys of a client would cost the server much time for each token. */
const MOST_BITS = 4_096;
const MOST_EXPONENT = 2n ** 32n;

export const jwt: PolicyKind = {
  key: "jwt",
  read(value, options) {
    const table = new PolicyTable(value, "jwt");
    const secret = table.text("secret", LONGEST_TEXT);
    const publicKey = table.text("public_key", LONGEST_KEY, true);
    const url = table.text("jwks_url", LONGEST_TEXT);
    const issuer = table.text("issuer", LONGEST_TEXT);
    const audience = table.text("audience", LONGEST_TEXT);
    const fields = table.pairs("claim_fields", LONGEST_TEXT) ?? { "X-Forwarded-User": "sub" };
    table.end();
    if ([secret, publicKey, url].filter((each) => each !== undefined).length !== 1)
      invalid("jwt needs exactly one of secret, public_key and jwks_url");
    if (publicKey !== undefined) checkKey(publicKey);
    if (url !== undefined && audience === undefined) invalid("jwks_url of jwt needs an audience");
    options.jwt = {
      ...(secret === undefined ? {} : { secret }),
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(url === undefined ? {} : { jwksUrl: publicUrl(url, "jwks_url of jwt", ["https:"]) }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
      fields,
    };
  },
  write: ({ jwt: given }) =>
    given && {
      secret: given.secret,
      public_key: given.publicKey,
      jwks_url: given.jwksUrl,
      issuer: given.issuer,
      audience: given.audience,
      claim_fields: given.fields,
    },
  words: ({ jwt: given }) => given && "JWT",
};

/** The server fetches keys from a URL. */
export const jwksUrl: PolicyPermission = {
  name: "jwks_url",
  isNeeded: ({ jwt: given }: StepOptions) => given?.jwksUrl !== undefined,
};

function checkKey(pem: string): void {
  // A private key would also have a public one, but does not belong here.
  if (!pem.includes("PUBLIC KEY")) invalid("public_key of jwt is not a public key in PEM");
  let details;
  try {
    details = createPublicKey(pem).asymmetricKeyDetails;
  } catch {
    invalid("public_key of jwt is not a public key in PEM");
  }
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  if (modulusLength > MOST_BITS || publicExponent > MOST_EXPONENT)
    invalid(`public_key of jwt has more than ${MOST_BITS} bits, or an unusual exponent`);
}

/** The forms of password hashes that htpasswd writes and that are accepted. */
export type HashForm = "bcrypt" | "apr1" | "sha1";

/**
 * The highest cost of a bcrypt hash. Each step doubles the time. `operator`: takes a few seconds. `client`: a quarter
 * of that, because all clients of a server share the threads that check passwords.
 */
export const BCRYPT_COSTS = { operator: 14, client: 12 } as const;

const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/;
/** Salt and digest of the form of `htpasswd -m`. */
export const APR1 = /^\$apr1\$([^$]{1,8})\$([./A-Za-z0-9]{22})$/;
const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/;

/** The form of a hash, or why it is not accepted. @param highest the highest cost of bcrypt */
export function hashForm(
  hash: string,
  highest: number = BCRYPT_COSTS.operator,
): { form: HashForm } | { fault: string } {
  const [, cost] = BCRYPT.exec(hash) ?? [];
  if (cost !== undefined) {
    if (Number(cost) >= 4 && Number(cost) <= highest) return { form: "bcrypt" };
    return { fault: `a bcrypt hash with the cost ${cost}; use one from 4 to ${highest}` };
  }
  if (APR1.test(hash)) return { form: "apr1" };
  if (SHA1.test(hash)) return { form: "sha1" };
  if (/^\$(1|5|6|y|argon2\w*)\$/.test(hash)) return { fault: "a hash of a form that is not supported" };
  if (/^[./A-Za-z0-9]{13}$/.test(hash))
    return { fault: "a password in plain text, or a hash by crypt, which is not safe" };
  return { fault: "a password in plain text, or a hash that is not complete" };
}

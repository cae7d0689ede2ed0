/** The forms of password hashes that htpasswd writes and that are accepted. */
export type HashForm = "bcrypt" | "apr1" | "sha1";

/** The highest cost of a bcrypt hash. Each step doubles the time; this one takes a few seconds. */
const HIGHEST_COST = 14;

const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/;
/** Salt and digest of the form of `htpasswd -m`. */
export const APR1 = /^\$apr1\$([^$]{1,8})\$([./A-Za-z0-9]{22})$/;
const SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/;

/** The form of a hash, or why it is not accepted. */
export function hashForm(hash: string): { form: HashForm } | { fault: string } {
  const [, cost] = BCRYPT.exec(hash) ?? [];
  if (cost !== undefined) {
    if (Number(cost) >= 4 && Number(cost) <= HIGHEST_COST) return { form: "bcrypt" };
    return { fault: `a bcrypt hash with the cost ${cost}; use one from 4 to ${HIGHEST_COST}` };
  }
  if (APR1.test(hash)) return { form: "apr1" };
  if (SHA1.test(hash)) return { form: "sha1" };
  if (/^\$(1|5|6|y|argon2\w*)\$/.test(hash)) return { fault: "a hash of a form that is not supported" };
  if (/^[./A-Za-z0-9]{13}$/.test(hash))
    return { fault: "a password in plain text, or a hash by crypt, which is not safe" };
  return { fault: "a password in plain text, or a hash that is not complete" };
}

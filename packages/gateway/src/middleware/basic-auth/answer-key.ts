import { hash, randomBytes } from "node:crypto";

/** Never leaves the process, so that nothing that is kept shows a password. */
const SECRET = randomBytes(32).toString("latin1");

/**
 * The key of a field with credentials: a keyed hash of it. HMAC would hash twice, because SHA-256 lets others extend
 * what was hashed; nobody sees these keys.
 */
export function answerKey(field: string): string {
  return hash("sha256", SECRET + field, "base64");
}

import { hash, randomBytes } from "node:crypto";

/** Never leaves the process, so that nothing that is kept shows a password. */
const [INNER, OUTER] = [randomBytes(32).toString("latin1"), randomBytes(32).toString("latin1")];

/** The key of a field with credentials: a keyed hash (NMAC) of it. */
export function answerKey(field: string): string {
  return hash("sha256", OUTER + hash("sha256", INNER + field, "base64"), "base64");
}

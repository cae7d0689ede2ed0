import type { BasicAuthUser } from "./basic-auth-step.js";
import { hashForm } from "./hash-form.js";

const LONGEST_NAME = 256;

/** A line that is no user, counted from 1, and why: the end of a sentence. It never shows a hash. */
export interface HtpasswdFault {
  readonly line: number;
  readonly fault: string;
  /** Whether another hash of the password would help. */
  readonly isHash: boolean;
}

/**
 * Reads users, as htpasswd writes them: `name:hash` in each line; lines that begin with `#` are comments.
 * @param highestCost of bcrypt. Default: as for an operator
 */
export function readHtpasswd(given: readonly string[], highestCost?: number): BasicAuthUser[] | HtpasswdFault {
  const users: BasicAuthUser[] = [];
  const lines = new Map<string, number>();
  for (const [index, raw] of given.entries()) {
    const text = raw.trim();
    const line = index + 1;
    if (text === "" || text.startsWith("#")) continue;
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(0, colon));
    // eslint-disable-next-line no-control-regex
    if (name === "" || name.length > LONGEST_NAME || /[\0-\x1f\x7f]/.test(name))
      return { line, fault: "there is no name and hash of a password", isHash: true };
    const earlier = lines.get(name);
    if (earlier !== undefined) return { line, fault: `the user of line ${earlier} occurs again`, isHash: false };
    lines.set(name, line);
    const hash = text.slice(colon + 1).trim();
    const found = hashForm(hash, highestCost);
    if ("fault" in found) return { line, fault: `the password is ${found.fault}`, isHash: true };
    users.push({ name, hash });
  }
  return users;
}

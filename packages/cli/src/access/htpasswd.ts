import { hashForm, type BasicAuthUser } from "@postern/gateway/service";
import { CliError } from "../errors.js";

const FIX = "Write the user again with bcrypt: htpasswd -B FILE NAME";
const LONGEST_NAME = 256;

/**
 * Parses a file with users, as htpasswd writes it: `name:hash` in each line; lines that begin with `#` are comments.
 * Throws PN_HTPASSWD, which names the line and never shows a hash.
 */
export function parseHtpasswd(text: string, file: string): BasicAuthUser[] {
  const users: BasicAuthUser[] = [];
  const lines = new Map<string, number>();
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const at = `${file}, line ${index + 1}`;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    // eslint-disable-next-line no-control-regex
    if (name === "" || name.length > LONGEST_NAME || /[\0-\x1f\x7f]/.test(name))
      throw new CliError("PN_HTPASSWD", `${at}: there is no name and hash of a password.`, FIX);
    const earlier = lines.get(name);
    if (earlier !== undefined)
      throw new CliError("PN_HTPASSWD", `${at}: the user of line ${earlier} occurs again.`, "Remove one of the lines.");
    lines.set(name, index + 1);
    const hash = line.slice(colon + 1).trim();
    const found = hashForm(hash);
    if ("fault" in found) throw new CliError("PN_HTPASSWD", `${at}: the password is ${found.fault}.`, FIX);
    users.push({ name, hash });
  }
  return users;
}

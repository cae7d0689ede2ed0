import { readHtpasswd, type BasicAuthUser } from "@postern/gateway/policies";
import { CliError } from "../errors.js";

const FIX = "Write the user again with bcrypt: htpasswd -B FILE NAME";

/**
 * Parses a file with users, as htpasswd writes it: `name:hash` in each line; lines that begin with `#` are comments.
 * Throws PN_HTPASSWD, which names the line and never shows a hash.
 */
export function parseHtpasswd(text: string, file: string): BasicAuthUser[] {
  const read = readHtpasswd(text.split(/\r\n|\n|\r/));
  if (!("fault" in read)) return read;
  const { line, fault, isHash } = read;
  throw new CliError("PN_HTPASSWD", `${file}, line ${line}: ${fault}.`, isHash ? FIX : "Remove one of the lines.");
}

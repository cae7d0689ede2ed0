import { createHmac } from "node:crypto";
import { hashForm, hashPassword } from "@postern/gateway/policies";
import { CliError } from "../errors.js";

const FIX = "Write one line with the password into the file, or its hash: htpasswd -nB x | cut -d: -f2";

/**
 * The hash of the password in a file. A password in plain text always has the same hash, so that a restart ends no
 * logins. Throws PN_PASSWORD_FILE, which never shows the password.
 * @param key returns a secret of this machine, if the hash leaves the process: the salt follows from the password, and
 *   would let others guess it quickly
 */
export async function passwordHash(text: string, file: string, key: () => string = () => ""): Promise<string> {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.length > 1 && lines.at(-1) === "") lines.pop();
  const [password = ""] = lines;
  if (password === "" || lines.length > 1)
    throw new CliError("PN_PASSWORD_FILE", `${file} does not have one line with a password.`, FIX);
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(password))
    throw new CliError("PN_PASSWORD_FILE", `The password in ${file} contains a control character.`, FIX);
  if (/^(\$[\w-]+\$|\{\w+\})/.test(password)) {
    const found = hashForm(password);
    if ("form" in found) return password;
    throw new CliError("PN_PASSWORD_FILE", `${file} contains ${found.fault}.`, FIX);
  }
  const salt = createHmac("sha256", key())
    .update(JSON.stringify(["password file", password]))
    .digest();
  try {
    return await hashPassword(password, salt.subarray(0, 16));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CliError("PN_PASSWORD_FILE", `${file}: ${error.message}`, FIX);
  }
}

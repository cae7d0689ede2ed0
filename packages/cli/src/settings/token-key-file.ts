import { pemKey } from "@postern/gateway";
import { CliError } from "../errors.js";
import { readOwnedFile } from "./owned-file.js";

/**
 * Reads the public key of an issuer of tokens, PEM. Other users must not be able to change the file: the owner of
 * the matching private key can log in. Throws PN_TOKEN_INVALID, and the errors of `readOwnedFile`.
 */
export async function readTokenKey(file: string): Promise<string> {
  const pem = (await readOwnedFile(file)).bytes.toString("utf8");
  try {
    pemKey(pem);
  } catch (error) {
    throw new CliError("PN_TOKEN_INVALID", `${file}: ${(error as Error).message}`);
  }
  return pem;
}

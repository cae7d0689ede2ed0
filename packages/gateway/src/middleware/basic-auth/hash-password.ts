/** The cost of the hashes that are made here: a check takes about a tenth of a second. */
const COST = 10;
/** bcrypt ignores what is longer, in bytes. */
export const LONGEST_PASSWORD = 72;

/**
 * The bcrypt hash of a password.
 * @param salt 16 bytes
 * @throws RangeError for a password that is longer than `LONGEST_PASSWORD`, or contains NUL.
 */
export async function hashPassword(password: string, salt: Buffer): Promise<string> {
  if (Buffer.byteLength(password) > LONGEST_PASSWORD)
    throw new RangeError(`A password can have at most ${LONGEST_PASSWORD} bytes.`);
  if (password.includes("\0")) throw new RangeError("A password cannot contain NUL.");
  // Most gateways have no passwords.
  const { default: bcrypt } = await import("bcryptjs");
  return bcrypt.hash(password, `$2b$${COST}$${bcrypt.encodeBase64(salt, 16)}`);
}

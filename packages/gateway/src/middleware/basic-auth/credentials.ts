/** A name and a password of HTTP Basic authentication. */
export interface Credentials {
  readonly name: string;
  readonly password: Buffer;
}

/** Longer credentials are not checked, in characters of the field. */
const LONGEST = 1_024;

/** Reads the Authorization field (RFC 7617); undefined if it has no valid credentials of this scheme. */
export function readCredentials(field: string): Credentials | undefined {
  if (field.length > LONGEST) return undefined;
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field) ?? [];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const colon = bytes.indexOf(":");
  if (colon < 0 || bytes.includes(0)) return undefined;
  return { name: bytes.toString("utf8", 0, colon), password: bytes.subarray(colon + 1) };
}

/**
 * Returns an address that was refused without possible secrets, for messages. It may not be a URL, so any text before
 * its last `@` counts as a password, and any text after `?` or `#` as a secret.
 */
export function refusedAddress(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:[\\/]{2})?.*@/is, "$1***@").replace(/([?#]).*$/s, "$1***");
}

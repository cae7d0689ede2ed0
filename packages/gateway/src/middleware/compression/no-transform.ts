const NO_TRANSFORM = /(?:^|,)[\t ]*no-transform[\t ]*(?:,|$)/i;

/** Whether a Cache-Control field forbids changes to a body (RFC 9110, section 7.7). */
export function forbidsChanges(cacheControl: string): boolean {
  return NO_TRANSFORM.test(cacheControl);
}

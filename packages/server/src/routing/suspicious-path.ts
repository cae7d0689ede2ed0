/** A segment `..`, raw or encoded, between slashes of any kind; or an encoded control character. */
const SUSPICIOUS = /(?:[/\\]|%2f|%5c)(?:\.|%2e){2}(?:[/\\;]|%2f|%5c|$)|%(?:[01][0-9a-f]|7f)/i;

/** Whether the path of a request target climbs, or contains a control character. Its query may contain anything. */
export function isSuspicious(target: string): boolean {
  const end = target.indexOf("?");
  return SUSPICIOUS.test(end < 0 ? target : target.slice(0, end));
}

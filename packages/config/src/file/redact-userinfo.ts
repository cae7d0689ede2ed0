/** The userinfo of a URL: `user:password@`, or a token alone. */
const USERINFO = /(?:(?<=\/\/)[^\s"'/]*|[^\s"'/=]*:[^\s"'/]*)@/g;

/** Replaces user names and passwords of all URLs in a text. */
export function redactUserinfo(text: string): string {
  return text.replace(USERINFO, "***@");
}

/** What stands before the host of an address: `user:password@`, or a token alone. */
const USERINFO = /(?:(?<=\/\/)[^\s"'/]*|[^\s"'/=]*:[^\s"'/]*)@/g;

/** Text as messages may show it: of addresses in it, names and passwords are left out. */
export function withoutUserinfo(text: string): string {
  return text.replace(USERINFO, "***@");
}

/** Cuts text of a server, which may be hostile, to `longest` characters, the last of which is an ellipsis. */
export function serverText(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

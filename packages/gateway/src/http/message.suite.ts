/** A whole head of these lines. */
export function head(...lines: string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A plain request with more field lines. */
export function get(...fields: string[]): string {
  return head("GET / HTTP/1.1", "Host: a", ...fields);
}

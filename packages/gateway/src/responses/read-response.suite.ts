/** The body of a response in chunks or not, and the rest of its head in lower case. */
export function read(response: string): { head: string; body: string } {
  const end = response.indexOf("\r\n\r\n") + 4;
  const head = response.slice(0, end).toLowerCase();
  let rest = response.slice(end);
  if (!head.includes("transfer-encoding: chunked")) return { head, body: rest };
  let body = "";
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = parseInt(rest.slice(0, line), 16);
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + (size === 0 ? 0 : 2));
    if (size === 0) return { head, body: body + (rest === "\r\n" ? "" : `|${rest}`) };
  }
}

import type { ClientResponse } from "./query-client.js";

/**
 * The links to the status pages of the clients, one per line. They contain tokens: print them only on a terminal, where
 * they do not get into a log.
 */
export function pageLines(responses: readonly ClientResponse[]): string[] {
  const links = responses.flatMap(({ client: { api, pid, token }, document }) =>
    document === undefined || token === undefined ? [] : [{ pid, link: `${api}/#token=${token}` }],
  );
  const isNamed = links.length > 1;
  return links.map(({ pid, link }) => `Status page${isNamed ? ` of process ${pid}` : ""}: ${link}`);
}

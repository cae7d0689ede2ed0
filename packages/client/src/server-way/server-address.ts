/**
 * The WebSocket address of a server: `https://` and `wss://` mean TLS, `http://` and `ws://` none; without a scheme it is `https://`.
 * The path of that address, `/connect`, may be there.
 * @throws TypeError that says what is allowed.
 */
export function parseServerAddress(text: string): URL {
  const given = text.trim();
  const url = URL.parse(given.includes("://") ? given : `https://${given}`);
  const tls = url !== null && (url.protocol === "https:" || url.protocol === "wss:");
  const plain = url !== null && (url.protocol === "http:" || url.protocol === "ws:");
  if (
    url === null ||
    (!tls && !plain) ||
    url.username !== "" ||
    url.password !== "" ||
    !/^\/(connect)?$/.test(url.pathname) ||
    url.search ||
    url.hash
  ) {
    throw new TypeError(
      `${JSON.stringify(shown(given))} is not a server's address. Use its base domain, for instance https://tunnel.example.com or http://localhost:8080.`,
    );
  }
  return new URL(`${tls ? "wss" : "ws"}://${url.host}/connect`);
}

/** What may be a secret is left out: what stands before an @, and a query. */
function shown(given: string): string {
  return given.replace(/[^/]*@/, "***@").replace(/[?#].*$/s, "");
}

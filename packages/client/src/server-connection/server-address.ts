import { refusedAddress } from "@postern/net";

/**
 * The WebSocket address of a server. `https://` and `wss://` use TLS; `http://` and `ws://` do not. The default scheme
 * is `https://`. The path may be `/connect`.
 * @throws TypeError that describes the allowed form.
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
      `${JSON.stringify(refusedAddress(given))} is not a server address. Use the server's base domain, for example https://tunnel.example.com or http://localhost:8080.`,
    );
  }
  return new URL(`${tls ? "wss" : "ws"}://${url.host}/connect`);
}

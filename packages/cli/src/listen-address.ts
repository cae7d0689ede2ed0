import { CliError } from "./errors.js";

const HOST_PORT = /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+):(?<port>\d{1,5})$/;

/** Checks an address to listen on; a bare port means loopback. Throws PN_LISTEN_INVALID. */
export function parseListenAddress(text: string): string {
  if (/^\d+$/.test(text)) return parseListenAddress(`127.0.0.1:${text}`);
  const { host, port } = HOST_PORT.exec(text)?.groups ?? {};
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw new CliError(
      "PN_LISTEN_INVALID",
      `"${text}" is not an address to listen on.`,
      "Give host:port: 127.0.0.1:8080 for this machine only, 0.0.0.0:8080 for everybody who can reach it.",
    );
  }
  return `${host}:${Number(port)}`;
}

/** Whether only programs on this machine can reach `address`. */
export function isLoopbackAddress(address: string): boolean {
  return /^(127\.[\d.]+|\[::1\]|localhost):/.test(address);
}

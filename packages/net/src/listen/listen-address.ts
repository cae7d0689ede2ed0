export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; without a host, all IPv4 addresses. @throws RangeError with the allowed forms. */
export function parseListenAddress(listen: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/i.exec(listen);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new RangeError(
      `${JSON.stringify(listen)} is not an address to listen on. Use host:port, for example 0.0.0.0:8080 or [::]:8080.`,
    );
  }
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port };
}

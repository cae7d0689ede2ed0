import { isIP } from "node:net";
import { type Network, NetworkList, parseNetwork, unmapped } from "@postern/net";

/** In place of an address (RFC 7239, section 6.2). It belongs to no network. */
const UNKNOWN_VISITOR = "unknown";

/**
 * The proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted. These fields are dropped from all other peers.
 */
export class TrustedProxies {
  readonly #networks: NetworkList;

  /**
   * @param addresses IP addresses, and networks as `address/bits`
   * @throws RangeError that names the entry that is neither.
   */
  constructor(addresses: readonly string[] = []) {
    this.#networks = new NetworkList(addresses.map(networkOf));
  }

  /** Whether `address` is trusted. An IPv4 address must not be in IPv6-mapped form. */
  has(address: string): boolean {
    return this.#networks.has(address);
  }

  /**
   * The visitor behind `peer`: the last address in the chain that is not a trusted proxy's. All entries before it may
   * be forged. `UNKNOWN_VISITOR` if a proxy names the visitor in no form that can be read: it is not the proxy itself.
   * @param chain X-Forwarded-For, as `peer` sent it
   */
  visitor(peer: string, chain: string): string {
    let address = peer;
    const said = chain.trim() === "" ? [] : chain.split(",");
    while (said.length > 0 && this.has(address)) {
      const before = plainAddress(said.pop()!);
      if (before === "") return UNKNOWN_VISITOR;
      address = before;
    }
    return address;
  }
}

function networkOf(entry: string): Network {
  const network = parseNetwork(entry);
  if (network !== undefined) return network;
  throw new RangeError(
    `${JSON.stringify(entry)} is not the address of a proxy. Use an IP address or a network: 127.0.0.1, 10.0.0.0/8, fd00::/8.`,
  );
}

/**
 * One element of X-Forwarded-For as an IP address, without the port that some proxies add; empty when it is not one.
 */
function plainAddress(element: string): string {
  const text = element.trim();
  const bare = /^\[([0-9a-f:.]+)\](?::[0-9]+)?$/i.exec(text)?.[1] ?? /^([0-9.]+):[0-9]+$/.exec(text)?.[1] ?? text;
  const address = unmapped(bare.toLowerCase());
  // Zones (`%eth0`) are local to one machine, and may contain any text.
  return isIP(address) === 0 || address.includes("%") ? "" : address;
}

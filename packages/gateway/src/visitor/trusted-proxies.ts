import { BlockList, isIP } from "node:net";
import { unmapped } from "@postern/net";

/**
 * The proxies before us whose word about visitors is taken: only what they say of X-Forwarded-For and X-Forwarded-Proto counts, from
 * everybody else it is thrown away.
 */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #empty: boolean;

  /**
   * @param addresses IP addresses, and networks as `address/bits`
   * @throws RangeError that names the entry which is neither.
   */
  constructor(addresses: readonly string[] = []) {
    this.#empty = addresses.length === 0;
    for (const entry of addresses) this.#add(entry);
  }

  /** Whether `address` (an IP address in its plain form) is one of them. */
  has(address: string): boolean {
    if (this.#empty) return false;
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, family(version));
  }

  /**
   * Who is behind `peer`: the last address in the chain that no trusted proxy has. What stands before that anybody could have written.
   * @param chain X-Forwarded-For, as `peer` sent it
   */
  visitor(peer: string, chain: string): string {
    let address = peer;
    const said = chain.split(",");
    while (this.has(address)) {
      const before = plainAddress(said.pop() ?? "");
      if (before === "") break;
      address = before;
    }
    return address;
  }

  #add(entry: string): void {
    const [address = "", bits, ...rest] = entry.split("/");
    const version = isIP(address);
    const width = version === 6 ? 128 : 32;
    const valid = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= width);
    if (version === 0 || !valid || rest.length > 0) {
      throw new RangeError(
        `${JSON.stringify(entry)} is no address of a proxy. Use an IP address or a network: 127.0.0.1, 10.0.0.0/8, fd00::/8.`,
      );
    }
    this.#list.addSubnet(address, bits === undefined ? width : Number(bits), family(version));
  }
}

/** One element of X-Forwarded-For as an IP address, without the port that some write; empty when it is none. */
function plainAddress(element: string): string {
  const text = element.trim();
  const bare = /^\[([0-9a-f:.]+)\](?::[0-9]+)?$/i.exec(text)?.[1] ?? /^([0-9.]+):[0-9]+$/.exec(text)?.[1] ?? text;
  const address = unmapped(bare.toLowerCase());
  // Zones (`%eth0`) mean something on one machine only, and could hold anything.
  return isIP(address) === 0 || address.includes("%") ? "" : address;
}

function family(version: number): "ipv4" | "ipv6" {
  return version === 6 ? "ipv6" : "ipv4";
}

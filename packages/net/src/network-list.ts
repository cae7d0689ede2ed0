import { BlockList, isIP } from "node:net";

/** All IP addresses whose first `bits` bits are those of `address`. */
export interface Network {
  readonly version: 4 | 6;
  readonly address: string;
  readonly bits: number;
}

/** Reads an IP address, or a network as `address/bits`; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  // Zones (`%eth0`) are local to one machine.
  if (isIP(address) === 0 || address.includes("%") || rest.length > 0) return undefined;
  const version = isIP(address) === 6 ? 6 : 4;
  const width = version === 6 ? 128 : 32;
  if (bits === undefined) return { version, address, bits: width };
  if (!/^[0-9]{1,3}$/.test(bits) || Number(bits) > width) return undefined;
  return { version, address, bits: Number(bits) };
}

/** A set of IP addresses and networks. */
export class NetworkList {
  // A list of its own for each family: in BlockList, `::/0` contains every IPv4 address.
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  readonly #isEmpty: boolean;

  constructor(networks: readonly Network[]) {
    this.#isEmpty = networks.length === 0;
    for (const { address, bits, version } of networks) {
      const family = familyOf(version);
      this.#lists[family].addSubnet(address, bits, family);
    }
  }

  /** Whether an address is in the set; false for a text that is not an IP address. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const version = isIP(address);
    const family = familyOf(version);
    return version !== 0 && this.#lists[family].check(address, family);
  }
}

function familyOf(version: number): "ipv4" | "ipv6" {
  return version === 6 ? "ipv6" : "ipv4";
}

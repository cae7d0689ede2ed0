import { NetworkList } from "@postern/net";
import { refusals, type Refusal } from "../../http/index.js";
import { networkOf } from "../../routing/conditions.js";
import type { Step, StepRequest } from "../step.js";

/** Which visitors a route serves, as IP addresses, and networks in the form `address/bits`. */
export interface AddressOptions {
  /** Default: all addresses. An empty list admits nobody. */
  readonly allow?: readonly string[] | undefined;
  /** Takes precedence over `allow`. */
  readonly deny: readonly string[];
}

const ALL = ["0.0.0.0/0", "::/0"];

/** Refuses visitors by their addresses. A visitor whose address is unknown is refused, too. */
export class AddressStep implements Step {
  readonly name = "addresses";
  readonly #allowed: NetworkList;
  readonly #denied: NetworkList;

  /** @throws RangeError that names an entry that is neither an address nor a network. */
  constructor({ allow = ALL, deny }: AddressOptions) {
    this.#allowed = new NetworkList(allow.map(networkOf));
    this.#denied = new NetworkList(deny.map(networkOf));
  }

  check({ address }: Pick<StepRequest, "address">): Refusal | undefined {
    const isAllowed = this.#allowed.has(address) && !this.#denied.has(address);
    return isAllowed ? undefined : refusals.PN_ACCESS_ADDRESS;
  }
}

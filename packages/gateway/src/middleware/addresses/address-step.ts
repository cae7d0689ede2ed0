import { NetworkList } from "@postern/net";
import { refusals, type Refusal } from "../../http/index.js";
import { networkOf } from "../../routing/conditions.js";
import type { Step, StepRequest } from "../step.js";
import { PolledList, type PollDependencies } from "./polled-list.js";

/** Which visitors a route serves: IP addresses, networks in the form `address/bits`, and URLs of lists of them. */
export interface AddressOptions {
  /** Default: all addresses. An empty list admits nobody. */
  readonly allow?: readonly string[] | undefined;
  /** Takes precedence over `allow`. */
  readonly deny: readonly string[];
  /** Whether the hosts of the URLs may have private addresses. Default false. */
  readonly allowPrivate?: boolean | undefined;
}

const ALL = ["0.0.0.0/0", "::/0"];

/** Whether an entry is the URL of a list. */
export function isListUrl(entry: string): boolean {
  return /^https?:\/\//.test(entry);
}

/** Refuses visitors by their addresses. A visitor whose address is unknown is refused, too. */
export class AddressStep implements Step {
  readonly name = "addresses";
  readonly #allowed: AddressSet;
  readonly #denied: AddressSet;

  /**
   * @param poll undefined: lists at URLs stay unknown
   * @throws RangeError that names an entry that is neither an address nor a network.
   */
  constructor({ allow = ALL, deny, allowPrivate = false }: AddressOptions, poll?: PollDependencies) {
    this.#denied = new AddressSet(deny, allowPrivate, poll);
    this.#allowed = new AddressSet(allow, allowPrivate, poll);
  }

  check({ address }: Pick<StepRequest, "address">): Refusal | undefined {
    const isDenied = this.#denied.has(address);
    if (isDenied === true) return refusals.PN_ACCESS_ADDRESS;
    const isAllowed = this.#allowed.has(address);
    if (isAllowed === false) return refusals.PN_ACCESS_ADDRESS;
    return isDenied === undefined || isAllowed === undefined ? refusals.PN_ACCESS_LIST : undefined;
  }

  inherit(former: Step): void {
    if (!(former instanceof AddressStep)) return;
    const lists = former.#polled();
    for (const own of this.#polled()) own.list ??= lists.find(({ url }) => url === own.url)?.list;
  }

  close(): void {
    for (const each of this.#polled()) each.close();
  }

  #polled(): PolledList[] {
    return [...this.#denied.polled, ...this.#allowed.polled];
  }
}

/** Addresses of an option, and those of the lists that it names. */
class AddressSet {
  readonly polled: readonly PolledList[];
  readonly #own: NetworkList;
  readonly #urls: number;

  constructor(entries: readonly string[], allowPrivate: boolean, poll: PollDependencies | undefined) {
    this.#own = new NetworkList(entries.filter((entry) => !isListUrl(entry)).map(networkOf));
    const urls = entries.filter(isListUrl);
    this.#urls = urls.length;
    this.polled = poll === undefined ? [] : urls.map((url) => new PolledList(url, allowPrivate, poll));
  }

  /** Undefined: a list that could contain the address is not known yet. */
  has(address: string): boolean | undefined {
    if (this.#own.has(address)) return true;
    if (this.#urls === 0) return false;
    let isUnknown = this.polled.length < this.#urls;
    for (const { list } of this.polled) {
      if (list === undefined) isUnknown = true;
      else if (list.has(address)) return true;
    }
    return isUnknown ? undefined : false;
  }
}

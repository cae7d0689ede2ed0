import { NetworkList } from "@postern/net";
import type { FilteredHead, ResponseFilter } from "../../filters/response-filter.js";
import { networkOf } from "../../routing/conditions.js";
import type { Step, StepRequest } from "../step.js";

export interface ServerTimingOptions {
  /** Addresses and networks whose visitors get the field. Others get it only if an earlier step knows who they are. */
  readonly addresses: readonly string[];
  /** Whether responses come from a target. */
  readonly hasOrigin: boolean;
}

/**
 * Tells visitors how long their request took (Server-Timing): in the steps of the route, and from then on until the
 * response of the target began. It is the last step. Strangers do not learn it, because times reveal what a service
 * does.
 */
export class ServerTimingStep implements Step {
  readonly name = "server timing";
  readonly #addresses: NetworkList;
  readonly #hasOrigin: boolean;
  readonly #now: () => number;

  /**
   * @param now the time in milliseconds of the gateway's clock
   * @throws RangeError that names an entry that is neither an address nor a network.
   */
  constructor({ addresses, hasOrigin }: ServerTimingOptions, now: () => number = () => performance.now()) {
    this.#addresses = new NetworkList(addresses.map(networkOf));
    this.#hasOrigin = hasOrigin;
    this.#now = now;
  }

  check(request: StepRequest): undefined {
    if (request.principal === undefined && !this.#addresses.has(request.address)) return;
    const now = this.#now();
    const gateway = `gateway;dur=${milliseconds(now - request.startedAt)}`;
    request.filter(new TimingFilter(gateway, this.#hasOrigin ? { begun: now, now: this.#now } : undefined));
  }
}

/** Adds the field to one response. */
class TimingFilter implements ResponseFilter {
  readonly #gateway: string;
  readonly #origin: { begun: number; now: () => number } | undefined;

  constructor(gateway: string, origin: { begun: number; now: () => number } | undefined) {
    this.#gateway = gateway;
    this.#origin = origin;
  }

  begin(head: FilteredHead): undefined {
    const origin = this.#origin;
    const rest = origin === undefined ? "" : `, origin;dur=${milliseconds(origin.now() - origin.begun)}`;
    head.add(`Server-Timing: ${this.#gateway}${rest}`);
  }
}

function milliseconds(time: number): string {
  return Math.max(0, time).toFixed(1);
}

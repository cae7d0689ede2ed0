import { SERVER_LIMITS } from "../limits.js";
import type { Tunnel } from "./tunnel.js";

/** Former instances that are remembered. */
const FENCED = 16;

/** Who takes a name: its owner, and the instance of the owner's client. Without an instance, each taking is one of its own. */
export interface Holder {
  owner: string;
  instance: string | undefined;
}

interface Member {
  tunnel: Tunnel;
  /** Called when another instance takes the name. */
  replaced: () => void;
}

/**
 * One name: whose it is, and which instance of the owner's client serves it, with how many sessions. Each taking by an instance has a new
 * epoch; who belongs to an older one has no part in the name any more.
 */
export class NameHolding {
  readonly owner: string;
  /** The taking that counts. */
  epoch = 0;
  /** Without a tunnel: whether a client dropped, and is expected back. */
  expected = false;
  /** Without a tunnel: until when the name is kept. */
  until = Infinity;
  #instance: string | undefined;
  #members: Member[] = [];
  /** Instances from which the name was taken away. They may not have heard of it, and come back. */
  #fenced: string[] = [];
  #turn = 0;

  constructor(owner: string) {
    this.owner = owner;
  }

  get served(): boolean {
    return this.#members.length > 0;
  }

  /** As many sessions serve the name as may. */
  isFull(instance: string | undefined): boolean {
    return this.#isJoinedBy(instance) && this.#members.length >= SERVER_LIMITS.sessionsPerName;
  }

  /** Whether the name was taken from `instance`, and who took it serves it or is expected back. */
  isFenced(instance: string | undefined): boolean {
    return instance !== undefined && this.#fenced.includes(instance) && (this.served || this.expected);
  }

  /** `tunnel` serves the name from now on: beside the others of its instance, or in the place of all others. `epoch` is for that. */
  add(tunnel: Tunnel, instance: string | undefined, replaced: () => void, epoch: number): void {
    const former = this.#isJoinedBy(instance) ? [] : this.#members;
    if (former.length > 0 || !this.served) {
      this.#fence(instance);
      this.epoch = epoch;
      this.#members = [];
    }
    for (const member of this.#members) member.tunnel.prove();
    tunnel.epoch = this.epoch;
    this.#members.push({ tunnel, replaced });
    this.expected = false;
    this.until = Infinity;
    for (const member of former) member.replaced();
  }

  /** `tunnel` serves it no more. Returns whether it did: one of an older epoch did not. */
  remove(tunnel: Tunnel): boolean {
    if (tunnel.epoch !== this.epoch) return false;
    const at = this.#members.findIndex((member) => member.tunnel === tunnel);
    if (at >= 0) this.#members.splice(at, 1);
    return at >= 0;
  }

  /** Where the next request goes: to whoever can take it and has the least to do, in turn where that is several. */
  pick(): Tunnel | undefined {
    const count = this.#members.length;
    const first = this.#members[0]?.tunnel;
    if (count < 2) return first;
    this.#turn = (this.#turn + 1) % count;
    let [best, bestReserve, bestLoad] = [first, Infinity, Infinity];
    for (let n = 0; n < count; n++) {
      const { tunnel } = this.#members[(this.#turn + n) % count] as Member;
      const reserve = tunnel.unavailable !== undefined ? 2 : tunnel.doubtful ? 1 : 0;
      const { load } = tunnel;
      if (reserve > bestReserve || (reserve === bestReserve && load >= bestLoad)) continue;
      [best, bestReserve, bestLoad] = [tunnel, reserve, load];
    }
    return best;
  }

  /** The tunnel whose client says, in `field`, that the request is a probe of its own. */
  probed(field: string): Tunnel | undefined {
    return this.#members.find(({ tunnel }) => tunnel.probe.isProvedBy(field))?.tunnel;
  }

  /** Notices who is cut off, where somebody else could serve in its place. */
  watch(): void {
    if (this.#members.length > 1) for (const { tunnel } of this.#members) tunnel.watch();
  }

  #isJoinedBy(instance: string | undefined): boolean {
    return this.served && instance !== undefined && instance === this.#instance;
  }

  #fence(instance: string | undefined): void {
    const former = this.#instance;
    this.#instance = instance;
    this.#fenced = this.#fenced.filter((each) => each !== instance);
    if (former !== undefined && former !== instance) this.#fenced = [...this.#fenced, former].slice(-FENCED);
  }
}

import { LOGIN_LIMITS } from "@postern/protocol";

/** Counts the connections of each address that have not logged in yet. */
export class LoginGate {
  readonly #waiting = new Map<string, number>();

  /** Lets a connection of `address` in, or says false when there are too many. */
  enter(address: string): boolean {
    const count = this.#waiting.get(address) ?? 0;
    if (count >= LOGIN_LIMITS.perAddress) return false;
    this.#waiting.set(address, count + 1);
    return true;
  }

  leave(address: string): void {
    const count = (this.#waiting.get(address) ?? 0) - 1;
    if (count > 0) this.#waiting.set(address, count);
    else this.#waiting.delete(address);
  }
}

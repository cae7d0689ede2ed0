/**
 * Numbers the changes of a target's state: the circuit opens, or the target is ejected. The result of an attempt counts
 * for such a state only if the attempt began after the state's last change, because a request that times out late says
 * nothing about the target of now.
 */
export class Epochs {
  /** The epoch of attempts that begin now. */
  current = 0;

  /** A state changes. @returns the epoch of its first attempts */
  begin(): number {
    return ++this.current;
  }
}

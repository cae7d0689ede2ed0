import type { StepOptions } from "../middleware/chain/route-steps.js";

/** The options of steps while they are read. */
export type ReadOptions = { -readonly [Name in keyof StepOptions]: StepOptions[Name] };

/** A kind of policy: everything that is known about one key of `policies` in `bind`, and of `access` tables. */
export interface PolicyKind {
  /** The key on the wire, and the name in `[tunnel.server.policies]`. */
  readonly key: string;
  /**
   * Reads the value of the key into the options of the steps that enforce it.
   * @throws PolicyError for anything that it does not understand completely.
   */
  readonly read: (value: unknown, options: ReadOptions) => void;
  /** The value of the key for these options, which `read` reads; undefined if they contain nothing of this kind. */
  readonly write: (options: StepOptions) => unknown;
  /** A few words for people, without secrets; undefined if the options contain nothing of this kind. */
  readonly words: (options: StepOptions) => string | undefined;
}

/** A permission that a policy needs in addition to that for its kind. */
export interface PolicyPermission {
  /** The name in `[tunnel.server.policies]`. */
  readonly name: string;
  readonly isNeeded: (options: StepOptions) => boolean;
}

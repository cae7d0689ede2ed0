import { policyWords, Steps, type StepOptions } from "@postern/gateway/policies";
import type { AskedPolicies } from "./asked-policies.js";

/** Whose policy it is: a name of an owner. */
export interface PolicyHolder {
  readonly owner: string;
  readonly name: string;
}

/** The policies of the server for all tunnels, and the steps that enforce them. */
export interface ServerPolicy {
  /** Limits on the requests to each tunnel, for all visitors together. Default: none. */
  readonly limits?: Steps | undefined;
  readonly options: StepOptions | undefined;
  readonly steps: Steps | undefined;
}

/**
 * Who may use the tunnels of one name: what their clients asked for, and what holds for all tunnels. What its steps
 * know of visitors outlives the sessions of its clients.
 */
export class TunnelPolicy {
  /** Its owner and the name. */
  readonly holder: PolicyHolder;
  readonly asked: AskedPolicies;
  /** Those of the clients alone. */
  readonly own: Steps | undefined;
  /** Undefined: every visitor is admitted. Another object after each change. */
  steps: Steps | undefined;
  /** `steps` without the limits, which are for the address of the tunnel. */
  access: Steps | undefined;
  /** Groups that use it: usually one, or none while the name is only kept. */
  users = 0;
  #words: Record<string, string> = {};

  constructor(holder: PolicyHolder, asked: AskedPolicies, own: Steps | undefined, always: ServerPolicy) {
    this.holder = holder;
    this.asked = asked;
    this.own = own;
    this.follow(always);
  }

  /** For each kind of policy in force, a few words for people. */
  get words(): Readonly<Record<string, string>> {
    return this.#words;
  }

  /** What holds for all tunnels has changed. */
  follow(always: ServerPolicy): void {
    this.access = Steps.both(always.steps, this.own);
    // Only requests of visitors that are admitted count: strangers could lock them out otherwise.
    this.steps = Steps.both(this.access, always.limits);
    this.#words = policyWords(this.asked.options, always.options);
  }
}

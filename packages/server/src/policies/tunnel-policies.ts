import { hash } from "node:crypto";
import {
  POLICY_KINDS,
  POLICY_PERMISSIONS,
  routeSteps,
  SharedRoom,
  SYSTEM_CLOCK,
  type PollDependencies,
  type StepOptions,
  type VisitorLogins,
} from "@postern/gateway/policies";
import type { Policies } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { askedPolicies, NO_POLICIES, type AskedPolicies, type PolicyRefusal } from "./asked-policies.js";
import { TunnelPolicy, type ServerPolicy } from "./tunnel-policy.js";

/** What the operator decides about the policies of tunnels. */
export interface PolicyOptions {
  /** What clients may ask for. Default: DEFAULT_PERMISSIONS. */
  readonly allow?: readonly string[] | undefined;
  /** What holds for all tunnels, besides what their clients ask for. Default: nothing. */
  readonly always?: StepOptions | undefined;
}

/** What clients may ask for: everything for which the server contacts no URLs of clients. */
export const DEFAULT_PERMISSIONS: readonly string[] = [
  "allow_ips",
  "deny_ips",
  "rate_limit",
  "basic_auth",
  "jwt",
  "oidc",
];

/** The policies of all tunnels. */
export class TunnelPolicies {
  readonly #onWarning: (text: string) => void;
  readonly #logins: VisitorLogins | undefined;
  readonly #room = new SharedRoom(SERVER_LIMITS.policyEntries);
  #allowed: ReadonlySet<string> = new Set();
  #always: ServerPolicy = { options: undefined, steps: undefined };
  #alwaysContent = "";
  /** Of all names whose clients ask for none. */
  readonly #plain: TunnelPolicy;
  /** By owner and name, the oldest first. */
  readonly #kept = new Map<string, { readonly name: string; readonly owner: string; readonly policy: TunnelPolicy }>();

  /**
   * @param logins undefined: the server has no provider, so that clients cannot ask for logins
   * @throws RangeError as `checkPolicyOptions`.
   */
  constructor(options: PolicyOptions = {}, onWarning: (text: string) => void = () => {}, logins?: VisitorLogins) {
    this.#onWarning = onWarning;
    this.#logins = logins;
    this.#plain = new TunnelPolicy(NO_POLICIES, undefined, this.#always);
    this.replace(options);
  }

  /** The policies that a `bind` or `check` asks for, or why there is no tunnel. */
  read(policies: Policies | undefined): AskedPolicies | PolicyRefusal {
    return askedPolicies(policies, this.#allowed);
  }

  /** Whether clients may still ask for these policies. */
  allows({ permissions }: AskedPolicies): boolean {
    return permissions.every((each) => this.#allowed.has(each));
  }

  /** The policy of a name that is served from now on. Call `release` when it is not served any more. */
  take(owner: string, name: string, asked: AskedPolicies): TunnelPolicy {
    const key = keyOf(owner, name);
    const former = this.#kept.get(key)?.policy;
    if (asked.options === undefined) {
      // Nothing is left that could be known of visitors, also if the policy comes back.
      if (former !== undefined) this.#forget(key, former);
      return this.#plain;
    }
    const policy = former?.asked.content === asked.content ? former : this.#create(owner, name, asked, former);
    policy.users++;
    this.#kept.delete(key);
    this.#kept.set(key, { name, owner, policy });
    if (this.#kept.size > SERVER_LIMITS.policiesKept) this.#forgetOldest();
    return policy;
  }

  release(policy: TunnelPolicy): void {
    if (policy !== this.#plain) policy.users--;
  }

  /**
   * Forgets what is known of visitors of names that their owners no longer hold. Call it about once a second.
   * @param ownerOf the owner of a name
   */
  sweep(ownerOf: (name: string) => string | undefined): void {
    for (const [key, { name, owner, policy }] of this.#kept)
      if (policy.users === 0 && ownerOf(name) !== owner) this.#forget(key, policy);
  }

  /** These options apply from now on, to tunnels that are open, too. @throws RangeError, and then nothing changes. */
  replace(options: PolicyOptions): void {
    const { allow = DEFAULT_PERMISSIONS, always } = options;
    checkPolicyOptions({ allow, always }, this.#logins);
    const content = hash("sha256", JSON.stringify(always ?? {}), "base64");
    if (content !== this.#alwaysContent) {
      const former = this.#always.steps;
      const poll: PollDependencies = { clock: SYSTEM_CLOCK, onWarning: this.#onWarning };
      this.#always = { options: always, steps: always && routeSteps(always, { poll, logins: this.#logins }, former) };
      this.#alwaysContent = content;
      this.#plain.follow(this.#always);
      for (const { policy } of this.#kept.values()) policy.follow(this.#always);
      former?.close();
    }
    this.#allowed = new Set(this.#logins === undefined ? allow.filter((each) => each !== "oidc") : allow);
  }

  #create(owner: string, name: string, asked: AskedPolicies, former: TunnelPolicy | undefined): TunnelPolicy {
    const onWarning = (text: string): void => this.#onWarning(`${name}: ${text}`);
    const poll: PollDependencies = { clock: SYSTEM_CLOCK, onWarning };
    const own = routeSteps(asked.options, { poll, logins: this.#logins }, former?.own, { owner, room: this.#room });
    former?.own?.closeExcept(own);
    return new TunnelPolicy(asked, own, this.#always);
  }

  #forget(key: string, { own }: TunnelPolicy): void {
    this.#kept.delete(key);
    own?.close();
  }

  /** Of the names that are not served. */
  #forgetOldest(): void {
    for (const [key, { policy }] of this.#kept) if (policy.users === 0) return this.#forget(key, policy);
  }
}

/** @throws RangeError for an unknown permission, or an option of a step that is not valid. */
export function checkPolicyOptions({ allow = [], always }: PolicyOptions, logins?: VisitorLogins): void {
  const known = [...POLICY_KINDS.map(({ key }) => key), ...POLICY_PERMISSIONS.map(({ name }) => name)];
  for (const each of allow)
    if (!known.includes(each)) throw new RangeError(`There is no policy ${JSON.stringify(each)}.`);
  if (always !== undefined) routeSteps(always, { logins })?.close();
}

function keyOf(owner: string, name: string): string {
  return JSON.stringify([owner, name]);
}

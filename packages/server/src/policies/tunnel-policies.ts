import { hash, randomBytes } from "node:crypto";
import {
  namedSteps,
  POLICY_KINDS,
  POLICY_PERMISSIONS,
  routeSteps,
  SharedRoom,
  SYSTEM_CLOCK,
  type PollDependencies,
  type Steps,
  type StepOptions,
  type VisitorLogins,
} from "@postern/gateway/policies";
import type { Policies } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { askedPolicies, NO_POLICIES, type AskedPolicies, type PolicyRefusal } from "./asked-policies.js";
import { TunnelPolicy, type PolicyHolder, type ServerPolicy } from "./tunnel-policy.js";

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
  "password_file",
  "jwt",
  "webhook",
  "oidc",
  "headers",
];

/** The policies of all tunnels. */
export class TunnelPolicies {
  readonly #onWarning: (text: string) => void;
  readonly #logins: VisitorLogins | undefined;
  readonly #cookieKey: () => string;
  readonly #room = new SharedRoom(SERVER_LIMITS.policyEntries);
  #allowed: ReadonlySet<string> = new Set();
  readonly #limits: Steps | undefined;
  #always: ServerPolicy;
  #alwaysContent = "";
  /** Of all names whose clients ask for none. */
  readonly #plain: TunnelPolicy;
  /** By owner and name. */
  readonly #policies = new Map<string, TunnelPolicy>();
  /** Those of names that are not served, by owner and name, the one that was served last is last. */
  readonly #idle = new Map<string, TunnelPolicy>();

  /**
   * @param cookieKey returns the secret that signs logins. Default: a random one, so that a restart ends them
   * @param limits on the requests to each tunnel
   * @param logins undefined: the server has no provider, so that clients cannot ask for logins at one
   * @throws RangeError as `checkPolicyOptions`.
   */
  constructor(
    options: PolicyOptions = {},
    onWarning: (text: string) => void = () => {},
    cookieKey?: () => string,
    limits?: Steps,
    logins?: VisitorLogins,
  ) {
    const random = randomBytes(32).toString("base64url");
    this.#onWarning = onWarning;
    this.#cookieKey = cookieKey ?? ((): string => random);
    this.#logins = logins;
    this.#limits = limits;
    this.#always = { options: undefined, steps: undefined, limits };
    this.#plain = new TunnelPolicy({ owner: "", name: "" }, NO_POLICIES, undefined, this.#always);
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
    const holder = { owner, name };
    const key = keyOf(holder);
    const former = this.#policies.get(key);
    if (asked.options === undefined) {
      // Nothing is left that could be known of visitors, also if the policy comes back.
      if (former !== undefined) this.#forget(former);
      return this.#plain;
    }
    const policy = former?.asked.content === asked.content ? former : this.#create(holder, asked, former);
    policy.users++;
    this.#idle.delete(key);
    this.#policies.set(key, policy);
    return policy;
  }

  release(policy: TunnelPolicy): void {
    if (policy === this.#plain || --policy.users > 0) return;
    const key = keyOf(policy.holder);
    if (this.#policies.get(key) !== policy) return;
    this.#idle.set(key, policy);
    const [oldest] = this.#idle.values();
    if (this.#idle.size > SERVER_LIMITS.policiesKept && oldest !== undefined) this.#forget(oldest);
  }

  /**
   * Forgets what is known of visitors of names that their owners no longer hold. Call it about once a second.
   * @param ownerOf the owner of a name
   */
  sweep(ownerOf: (name: string) => string | undefined): void {
    for (const policy of this.#idle.values())
      if (ownerOf(policy.holder.name) !== policy.holder.owner) this.#forget(policy);
  }

  /** These options apply from now on, to tunnels that are open, too. @throws RangeError, and then nothing changes. */
  replace(options: PolicyOptions): void {
    const { allow = DEFAULT_PERMISSIONS, always } = options;
    checkPolicyOptions({ allow, always }, this.#logins);
    const content = hash("sha256", JSON.stringify(always ?? {}), "base64");
    if (content !== this.#alwaysContent) {
      const former = this.#always.steps;
      const poll: PollDependencies = { clock: SYSTEM_CLOCK, onWarning: this.#onWarning };
      const steps =
        always && routeSteps(this.#named(forAllTunnels(always), "*"), { poll, logins: this.#logins }, former);
      this.#always = { options: always, steps, limits: this.#limits };
      this.#alwaysContent = content;
      this.#plain.follow(this.#always);
      for (const policy of this.#policies.values()) policy.follow(this.#always);
      former?.close();
    }
    this.#allowed = new Set(this.#logins === undefined ? allow.filter((each) => each !== "oidc") : allow);
  }

  #create(holder: PolicyHolder, asked: AskedPolicies, former: TunnelPolicy | undefined): TunnelPolicy {
    const onWarning = (text: string): void => this.#onWarning(`${holder.name}: ${text}`);
    const poll: PollDependencies = { clock: SYSTEM_CLOCK, onWarning };
    const options = asked.options && this.#named(asked.options, keyOf(holder));
    const own = routeSteps(options, { poll, logins: this.#logins }, former?.own, {
      owner: holder.owner,
      room: this.#room,
    });
    former?.own?.closeExcept(own);
    return new TunnelPolicy(holder, asked, own, this.#always);
  }

  /** Warnings begin with the name of the tunnel anyway. */
  #named(options: StepOptions, id: string): StepOptions {
    return { ...namedSteps(options, `tunnel ${id}`, this.#cookieKey), webhook: options.webhook };
  }

  #forget({ holder, own }: TunnelPolicy): void {
    const key = keyOf(holder);
    this.#policies.delete(key);
    this.#idle.delete(key);
    own?.close();
  }
}

/** @throws RangeError for an unknown permission, or an option of a step that is not valid. */
export function checkPolicyOptions({ allow = [], always }: PolicyOptions, logins?: VisitorLogins): void {
  const known = [...POLICY_KINDS.map(({ key }) => key), ...POLICY_PERMISSIONS.map(({ name }) => name)];
  for (const each of allow)
    if (!known.includes(each)) throw new RangeError(`There is no policy ${JSON.stringify(each)}.`);
  if (always !== undefined) routeSteps(always, { logins })?.close();
}

/** A token that is valid for all tunnels must not reach the services behind them. */
function forAllTunnels(always: StepOptions): StepOptions {
  return always.jwt === undefined ? always : { ...always, jwt: { ...always.jwt, dropsToken: true } };
}

function keyOf({ owner, name }: PolicyHolder): string {
  return JSON.stringify([owner, name]);
}

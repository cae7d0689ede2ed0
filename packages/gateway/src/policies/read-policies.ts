import { routeSteps, type StepOptions } from "../middleware/chain/route-steps.js";
import { Logins } from "../middleware/oidc/logins.js";
import { PolicyError } from "./policy-error.js";
import type { ReadOptions } from "./policy-kind.js";
import { POLICY_KINDS, POLICY_PERMISSIONS } from "./policy-kinds.js";
import { shown } from "./policy-table.js";

/** Stands for the provider of the server, while policies are checked. */
const CHECKED = { issuer: "https://localhost", clientId: "" };

/**
 * Reads the policies that a client asks for (PROTOCOL.md, section 4), in the order of the kinds: the same policies give
 * the same options.
 * @throws PolicyError for a key that is not known, and for a value that is not valid. Nothing is ever ignored.
 */
export function readPolicies(policies: Readonly<Record<string, unknown>>): StepOptions {
  for (const key of Object.keys(policies))
    if (!POLICY_KINDS.some((kind) => kind.key === key)) throw new PolicyError("unsupported", `unknown: ${shown(key)}`);
  const options: ReadOptions = {};
  for (const { key, read } of POLICY_KINDS) if (Object.hasOwn(policies, key)) read(policies[key], options);
  if (options.basicAuth !== undefined && options.jwt !== undefined)
    throw new PolicyError("invalid", "basic_auth and jwt exclude each other: a request has one Authorization header");
  checkSteps(options);
  return options;
}

/** The policies on the wire for these options. Values that are undefined are left out of JSON. */
export function writePolicies(options: StepOptions): Record<string, unknown> {
  const written = POLICY_KINDS.map(({ key, write }) => [key, write(options)] as const);
  return JSON.parse(JSON.stringify(Object.fromEntries(written))) as Record<string, unknown>;
}

/** What `[tunnel.server.policies]` has to allow for these options. */
export function neededPermissions(options: StepOptions): string[] {
  const kinds = POLICY_KINDS.filter(({ words }) => words(options) !== undefined).map(({ key }) => key);
  return [...kinds, ...POLICY_PERMISSIONS.filter(({ isNeeded }) => isNeeded(options)).map(({ name }) => name)];
}

/** For each kind of policy in the options, a few words for people. They contain no secrets. */
export function policyWords(...all: readonly (StepOptions | undefined)[]): Record<string, string> {
  const words: Record<string, string> = {};
  for (const { key, words: wordsOf } of POLICY_KINDS) {
    const each = all.flatMap((options) => (options && wordsOf(options)) ?? []);
    if (each.length > 0) words[key] = each.join(" and ");
  }
  return words;
}

/** The steps check what only they know. They do nothing before their first request. */
function checkSteps(options: StepOptions): void {
  try {
    routeSteps(options, { logins: new Logins({ secret: () => "", provider: CHECKED }) });
  } catch (error) {
    if (error instanceof RangeError) throw new PolicyError("invalid", error.message);
    throw error;
  }
}

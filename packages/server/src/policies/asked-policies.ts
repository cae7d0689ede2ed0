import { hash } from "node:crypto";
import { neededPermissions, PolicyError, readPolicies, type StepOptions } from "@postern/gateway/policies";
import { MAX_POLICIES, policiesSize, type Policies } from "@postern/protocol";

/** The policies that a client asks for. */
export interface AskedPolicies {
  /** Undefined: none. */
  readonly options: StepOptions | undefined;
  /** The same for the same policies; empty: none. It shows nothing of them. */
  readonly content: string;
  /** What `[tunnel.server.policies]` has to allow. */
  readonly permissions: readonly string[];
}

/** Why policies are not enforced, so that there is no tunnel. */
export interface PolicyRefusal {
  readonly code: "PN_POLICY_SIZE" | "PN_POLICY_INVALID" | "PN_POLICY_UNSUPPORTED" | "PN_POLICY_FORBIDDEN";
  /** More about this case, for people. It never shows a secret. */
  readonly detail?: string;
}

export const NO_POLICIES: AskedPolicies = { options: undefined, content: "", permissions: [] };

/** Reads the policies of a `bind` or `check`. @param allowed the permissions of clients */
export function askedPolicies(
  policies: Policies | undefined,
  allowed: ReadonlySet<string>,
): AskedPolicies | PolicyRefusal {
  if (policies === undefined || Object.keys(policies).length === 0) return NO_POLICIES;
  if (policiesSize(policies) > MAX_POLICIES) return { code: "PN_POLICY_SIZE" };
  let options: StepOptions;
  try {
    options = readPolicies(policies as Readonly<Record<string, unknown>>);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { kind, message: detail } = error;
    return { code: kind === "unsupported" ? "PN_POLICY_UNSUPPORTED" : "PN_POLICY_INVALID", detail };
  }
  const permissions = neededPermissions(options);
  const missing = permissions.filter((each) => !allowed.has(each));
  if (missing.length > 0) return { code: "PN_POLICY_FORBIDDEN", detail: missing.join(", ") };
  return { options, content: hash("sha256", JSON.stringify(options), "base64"), permissions };
}

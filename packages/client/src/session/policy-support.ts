import { FEATURES, MAX_POLICIES, policiesSize, TunnelError, type Bound, type Policies } from "@postern/protocol";

/**
 * Checks that the server enforces policies, for a client that asks for some. An older server would ignore them, and
 * open the tunnel to everyone. @throws TunnelError PN_POLICY_UNSUPPORTED, PN_POLICY_SIZE.
 */
export function checkPolicySupport(policies: Policies | undefined, features: readonly string[]): void {
  if (policies === undefined) return;
  if (!features.includes(FEATURES.policies))
    throw new TunnelError("PN_POLICY_UNSUPPORTED", "the server is too old for access policies");
  checkPolicySize(policies);
}

/** @throws TunnelError PN_POLICY_SIZE. */
export function checkPolicySize(policies: Policies): void {
  const size = policiesSize(policies);
  if (size > MAX_POLICIES) throw new TunnelError("PN_POLICY_SIZE", `${size} bytes`);
}

/** Checks that the server has granted all policies. @throws TunnelError PN_POLICY_UNSUPPORTED. */
export function checkPoliciesGranted(policies: Policies | undefined, { policies: granted = {} }: Bound): void {
  const missing = Object.keys(policies ?? {}).filter((key) => !Object.hasOwn(granted, key));
  if (missing.length > 0)
    throw new TunnelError("PN_POLICY_UNSUPPORTED", `the server does not enforce ${missing.join(", ")}`);
}

import { allowIps, denyIps } from "./kinds/addresses-policy.js";
import { basicAuth } from "./kinds/basic-auth-policy.js";
import { forwardAuth } from "./kinds/forward-auth-policy.js";
import { jwksUrl, jwt } from "./kinds/jwt-policy.js";
import { rateLimit } from "./kinds/rate-limit-policy.js";
import type { PolicyKind, PolicyPermission } from "./policy-kind.js";

/** All kinds of policies. To add one: its file in `kinds/`, its line here, and its key in the configuration. */
export const POLICY_KINDS: readonly PolicyKind[] = [allowIps, denyIps, rateLimit, basicAuth, jwt, forwardAuth];

/** Permissions for what some policies contain, besides those for their kinds. */
export const POLICY_PERMISSIONS: readonly PolicyPermission[] = [jwksUrl];

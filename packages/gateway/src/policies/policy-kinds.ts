import { allowIps, denyIps } from "./addresses-policy.js";
import { basicAuth } from "./basic-auth-policy.js";
import { forwardAuth } from "./forward-auth-policy.js";
import { headers } from "./headers-policy.js";
import { jwksUrl, jwt } from "./jwt-policy.js";
import { oidc } from "./oidc-policy.js";
import { passwordFile } from "./password-policy.js";
import { rateLimit } from "./rate-limit-policy.js";
import type { PolicyKind, PolicyPermission } from "./policy-kind.js";
import { webhook } from "./webhook-policy.js";

/** All kinds of policies. To add one: its file, its line here, and its key in the configuration. */
export const POLICY_KINDS: readonly PolicyKind[] = [
  allowIps,
  denyIps,
  rateLimit,
  basicAuth,
  passwordFile,
  jwt,
  webhook,
  oidc,
  forwardAuth,
  headers,
];

/** Permissions for what some policies contain, besides those for their kinds. */
export const POLICY_PERMISSIONS: readonly PolicyPermission[] = [jwksUrl];

// The subpath `@postern/gateway/policies`: the policies of tunnels, and the steps that enforce them.
export { SYSTEM_CLOCK } from "./deadlines/clock.js";
export type { PollDependencies } from "./middleware/addresses/polled-list.js";
export { readAddressLines } from "./middleware/addresses/address-lines.js";
export type { AddressOptions } from "./middleware/addresses/address-step.js";
export type { BasicAuthOptions, BasicAuthUser } from "./middleware/basic-auth/basic-auth-step.js";
export { BCRYPT_COSTS } from "./middleware/basic-auth/hash-form.js";
export { readHtpasswd } from "./middleware/basic-auth/htpasswd-lines.js";
export type { OidcOptions } from "./middleware/oidc/policy.js";
export type { JwtOptions } from "./middleware/jwt/jwt-step.js";
export type { RateLimitOptions } from "./middleware/rate-limit/rate-limit-step.js";
export { routeSteps, type StepOptions } from "./middleware/chain/route-steps.js";
export { Steps } from "./middleware/chain/steps.js";
export { SharedRoom } from "./middleware/shared-room.js";
export type { Tenancy } from "./middleware/tenancy.js";
export { PolicyError } from "./policies/policy-error.js";
export { POLICY_KINDS, POLICY_PERMISSIONS } from "./policies/policy-kinds.js";
export { neededPermissions, policyWords, readPolicies, writePolicies } from "./policies/read-policies.js";

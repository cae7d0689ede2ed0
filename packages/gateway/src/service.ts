export type {
  GatewayFigures,
  LabelledFigures,
  RouteFigures,
  TargetFigures,
  TrafficFigures,
} from "./service/gateway-figures.js";
export { GATEWAY_LABELS, OTHER_LABEL, startGateway, type GatewayService } from "./service/gateway-service.js";
export {
  explainRequest,
  type ExplainedRequest,
  type ExplainedTarget,
  type RequestToExplain,
} from "./service/explain-request.js";
export { explainFile } from "./service/explain-file.js";
export type { ExplainedFile } from "./files/explained-file.js";
export { checkRoutes } from "./service/check-routes.js";
export type { RouteChanges } from "./service/routes.js";
export type { TargetReport, TargetState } from "./upstream/target-report.js";
export { LISTED_REQUESTS } from "./service/request-reports.js";
export type { StepOptions } from "./middleware/chain/route-steps.js";
export type { RateLimitOptions } from "./middleware/rate-limit/rate-limit-step.js";
export { RATE_LIMITS } from "./middleware/rate-limit/rate-table.js";
export { FAILURES, type BasicAuthOptions, type BasicAuthUser } from "./middleware/basic-auth/basic-auth-step.js";
export type { CertificateOptions } from "./middleware/client-certificate/certificate-step.js";
export { hashForm } from "./middleware/basic-auth/hash-form.js";
export { VERIFIER_LIMITS } from "./middleware/basic-auth/verifier.js";
export { FORWARD_AUTH_LIMITS, type ForwardAuthOptions } from "./middleware/forward-auth/forward-auth-step.js";
export { CODE_LIMITS } from "./middleware/oidc/login-codes.js";
export { LOGIN_FAILURES, OIDC_LIMITS } from "./middleware/oidc/callback-pages.js";
export { LOGIN_TIME } from "./middleware/oidc/logins.js";
export { IDENTITY_LIMITS } from "./middleware/oidc/identity.js";
export { PROVIDER_LIMITS } from "./middleware/oidc/openid-provider.js";
export type { ProviderOptions } from "./middleware/oidc/login-provider.js";
export type { OidcOptions } from "./middleware/oidc/policy.js";
export type { JwtOptions } from "./middleware/jwt/jwt-step.js";
export { LOGIN_LIFETIME, type PasswordOptions } from "./middleware/password/password-login.js";
export { PASSWORD_LIMITS } from "./middleware/password/password-step.js";
export { hashPassword } from "./middleware/basic-auth/hash-password.js";
export { WEBHOOK_BODY, WEBHOOK_FAILURES, type WebhookStepOptions } from "./middleware/webhook/webhook-step.js";
export { BODY_QUOTA_LIMITS, FORM_QUOTA_LIMITS } from "./bodies/body-quota.js";
export { SIGNATURE_LIMITS, WebhookSignature, type WebhookOptions } from "./webhook-signatures/index.js";
export type { CorsOptions } from "./middleware/cors/cors-step.js";
export type { CredentialField } from "./middleware/credential/credential-step.js";
export { readAddressLines, type AddressFault } from "./middleware/addresses/address-lines.js";
export { POLL_LIMITS } from "./middleware/addresses/polled-list.js";
export type { AddressOptions } from "./middleware/addresses/address-step.js";
export type { CheckOptions } from "./checks/check-options.js";
export { FILE_LIMITS, LISTING_LIMITS, type FileFault, type FilesOptions } from "./files/index.js";
export type {
  FilesAction,
  ForwardAction,
  GatewayServiceOptions,
  GatewayTls,
  RedirectAction,
  RespondAction,
  RoutedEntry,
  RouteOptions,
  TargetOptions,
  WeightedTarget,
} from "./service/service-options.js";

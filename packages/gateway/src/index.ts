export type { Balance, Candidate, PickContext } from "./balance/candidate.js";
export { StickyCookie } from "./balance/sticky-cookie.js";
export { createBalance, STRATEGY_NAMES, type BalanceOptions, type Strategy } from "./balance/strategy.js";
export type { HashKey } from "./balance/hash-key.js";
export { LeastLoad } from "./balance/least-load.js";
export { RoundRobin } from "./balance/round-robin.js";
export { EXCHANGE_ENDS, type ExchangeEnd } from "./exchange/exchange-end.js";
export { COOKIE_LIMITS } from "./cookies/cookieless-head.js";
export type { ConnectionInfo } from "./visitor/connection-info.js";
export { Gateway, type GatewayOptions } from "./gateway.js";
export {
  DEFAULT_HEAD_LIMITS,
  noticeResponse,
  parseAuthority,
  refusalResponse,
  refusals,
  refusalTable,
  replyResponse,
  writeOwnResponse,
} from "./http/index.js";
export type { ResponseContext, Notice, OwnResponse, Refusal, Reply, RequestHead } from "./http/index.js";
export { TARGET_HOST } from "./route.js";
export type {
  FinishedRequest,
  DelegateRoute,
  FilesRoute,
  PathEdit,
  RefusalRoute,
  RespondRoute,
  Route,
  Router,
  AccessLogger,
  UpstreamRoute,
} from "./route.js";
export type { TracingOptions } from "./trace/tracing.js";
export { HostRateLimitStep } from "./middleware/rate-limit/host-rate-limit-step.js";
export type { RateRuleOptions } from "./middleware/rate-limit/rate-rule.js";
export { Steps } from "./middleware/chain/steps.js";
export { Bandwidths, type Bandwidth } from "./shaping/bandwidths.js";
export type { Clock } from "./deadlines/clock.js";
export { HttpsRedirect } from "./service/https-redirect.js";
export { DEFAULT_GATEWAY_LIMITS, type GatewayLimits, type RouteLimits } from "./limits.js";
export { ADMISSION_LIMITS } from "./visitor/admission.js";
export { LOOP_LIMITS } from "./visitor/loop-guard.js";
export { MEMORY_LIMITS, type MemoryPressure } from "./memory-pressure.js";
export { nextRequestId } from "./exchange/request-id.js";
export { LabelledTraffic, type Labelled } from "./records/labelled-traffic.js";
export { STATUS_CLASSES, Traffic } from "./records/traffic.js";
export { ListingQuota } from "./records/listing-quota.js";
export { requestEntry, visitorFields, type RequestEntry, type VisitorFields } from "./records/request-entry.js";
export { RESPONSE_REPAIRS, type ResponseRepair } from "./repair/index.js";
export { retrySafely, type AttemptOutcome, type BrokenAttempt, type RetryPolicy } from "./upstream/attempt.js";
export {
  AddressUpstream,
  TARGET_LIMITS,
  type AddressOptions,
  type TargetFailure,
} from "./upstream/address-upstream.js";
export { IDLE_LIMITS, IdleStreams } from "./upstream/idle-streams.js";
export {
  orderDifferences,
  PATH_LIMITS,
  pathEdit,
  redirectLocation,
  RouteTable,
  type ExampleRequest,
  type OrderDifference,
  type PathAmbiguity,
  type RouteCandidate,
  type RouteExplanation,
  type RouteMismatch,
  type PathEditOptions,
  type RoutedRequest,
  type RouteFault,
  type RouteFinding,
  type RouteMatch,
  type RouteRule,
} from "./routing/index.js";
export { Pool, type TargetSource } from "./upstream/pool.js";
export type { PoolMember } from "./upstream/pool-member.js";
export { PooledTargets, type HealthOptions } from "./upstream/pooled-targets.js";
export { RETRY_LIMITS } from "./upstream/retry-budget.js";
export { ResolvedTargets, type ResolvedOptions } from "./upstream/resolved-targets.js";
export { Target } from "./upstream/target.js";
export type { Upstream } from "./upstream/upstream.js";
export { TrustedProxies } from "./visitor/trusted-proxies.js";
export { PIPELINE_LIMITS } from "./visitor/own-responses.js";
export { checkClaims, type ClaimRules, type Claims } from "./tokens/claims.js";
export { jwtClaims, looksLikeJwt, type KeySource } from "./tokens/jwt-verifier.js";
export { keySource, type KeyOptions } from "./tokens/key-source.js";
export { TokenError } from "./tokens/token-error.js";
export { pemKey } from "./tokens/token-key.js";

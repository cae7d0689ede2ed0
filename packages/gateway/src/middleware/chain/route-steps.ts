import { AddressStep, type AddressOptions } from "../addresses/address-step.js";
import type { PollDependencies } from "../addresses/polled-list.js";
import { BasicAuthStep, type BasicAuthOptions } from "../basic-auth/basic-auth-step.js";
import { CertificateStep, type CertificateOptions } from "../client-certificate/certificate-step.js";
import { CompressionStep, type CompressionOptions } from "../compression/compression-step.js";
import { CorsStep, type CorsOptions } from "../cors/cors-step.js";
import { CredentialStep, type CredentialField } from "../credential/credential-step.js";
import { ErrorPagesStep, type ErrorPagesOptions } from "../error-pages/error-pages-step.js";
import { ForwardAuthStep, type ForwardAuthOptions } from "../forward-auth/forward-auth-step.js";
import { HeaderStep, type HeaderOptions } from "../headers/header-step.js";
import { SecurityHeadersStep } from "../headers/security-headers-step.js";
import { JwtStep, type JwtOptions } from "../jwt/jwt-step.js";
import type { Logins } from "../oidc/logins.js";
import { OidcStep } from "../oidc/oidc-step.js";
import type { OidcOptions } from "../oidc/policy.js";
import { MaintenanceStep, type MaintenanceOptions } from "../maintenance/maintenance-step.js";
import { OwnCookiesStep } from "../own-cookies/own-cookies-step.js";
import type { PasswordOptions } from "../password/password-login.js";
import { PasswordStep } from "../password/password-step.js";
import { RateLimitStep, UserRateLimitStep, type RateLimitOptions } from "../rate-limit/rate-limit-step.js";
import { RequestIdStep, type RequestIdOptions } from "../request-id/request-id-step.js";
import { ServerTimingStep, type ServerTimingOptions } from "../server-timing/server-timing-step.js";
import { Steps } from "./steps.js";
import type { Step } from "../step.js";
import type { Tenancy } from "../tenancy.js";
import { TransformStep, type TransformOptions } from "../transform/transform-step.js";
import { WebhookStep, type WebhookStepOptions } from "../webhook/webhook-step.js";

/** The steps of a route, as data. */
export interface StepOptions {
  /** Which addresses the route serves. Default: all. */
  readonly addresses?: AddressOptions | undefined;
  /** Limits on the requests of each visitor. Default: none. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** Client certificates of visitors. Default: none are requested. */
  readonly clientCertificate?: CertificateOptions | undefined;
  /** Names and passwords of visitors. Default: none are needed. */
  readonly basicAuth?: BasicAuthOptions | undefined;
  /** A password that visitors enter on a page. Default: none is needed. */
  readonly password?: PasswordOptions | undefined;
  /** Whether targets get no cookies of passwords, because other routes of the same hosts have them. Default false. */
  readonly dropsOwnCookies?: boolean | undefined;
  /** Tokens of visitors. Default: none are needed. */
  readonly jwt?: JwtOptions | undefined;
  /** Logins at an OpenID provider. Default: none are needed. */
  readonly oidc?: OidcOptions | undefined;
  /** Signatures of webhooks. Default: none are needed. */
  readonly webhook?: WebhookStepOptions | undefined;
  /** A service that decides about each request. Default: none. */
  readonly forwardAuth?: ForwardAuthOptions | undefined;
  /** Headers that targets get in place of those of the visitor. Default: none. */
  readonly credentials?: readonly CredentialField[] | undefined;
  /** Headers with the id of each request. Default: X-Request-Id for targets. */
  readonly requestId?: RequestIdOptions | undefined;
  /** Pages in place of errors. Default: those of the gateway. */
  readonly errorPages?: ErrorPagesOptions | undefined;
  /** Pages of other origins that may use the route. Default: the target decides. */
  readonly cors?: CorsOptions | undefined;
  /** The service is being maintained. Default: it is not. */
  readonly maintenance?: MaintenanceOptions | undefined;
  /** Changes to headers. Default: none. */
  readonly headers?: HeaderOptions | undefined;
  /** Whether to add security headers to responses that do not have them. Default false. */
  readonly securityHeaders?: boolean | undefined;
  /** Changes to bodies. Default: none. */
  readonly transform?: TransformOptions | undefined;
  /** Compression of responses. Default: none. */
  readonly compression?: CompressionOptions | undefined;
  /** Who learns how long requests take. Default: nobody. */
  readonly serverTiming?: ServerTimingOptions | undefined;
}

/** What the steps of all routes share. */
export interface StepDependencies {
  /** Undefined: nobody logs in here. */
  readonly logins?: Logins | undefined;
  /** For lists at URLs. Undefined: nothing is fetched, because the routes are only checked. */
  readonly poll?: PollDependencies | undefined;
}

/**
 * The steps of a route or of a tunnel, with what they need of it.
 * @param name tells it from all others
 * @param key returns the secret that signs cookies
 * @param host of the route, or a wildcard
 */
export function namedSteps(options: StepOptions, name: string, key: () => string, host?: string): StepOptions {
  const { password, webhook, oidc, transform } = options;
  return {
    ...options,
    ...(password && { password: { ...password, signing: { key: key(), route: name } } }),
    ...(webhook && { webhook: { ...webhook, route: name } }),
    ...(transform && { transform: { ...transform, route: name } }),
    ...(oidc && host !== undefined && { oidc: { ...oidc, host } }),
  };
}

/**
 * Creates the steps of a route, in the order in which a request passes them: those that cost little come first.
 * @param former the steps of the route of the same name before a reload: what they know of visitors is kept
 * @param tenancy undefined: the steps are the operator's
 * @returns undefined if the route has none
 * @throws RangeError for an option that is not valid.
 */
export function routeSteps(
  options: StepOptions = {},
  { poll, logins }: StepDependencies = {},
  former?: Steps,
  tenancy?: Tenancy,
): Steps | undefined {
  const {
    addresses,
    rateLimit,
    clientCertificate,
    basicAuth,
    password,
    dropsOwnCookies,
    jwt,
    webhook,
    oidc,
    forwardAuth,
    credentials,
    requestId,
    errorPages,
    cors,
    maintenance,
    headers,
    securityHeaders,
    transform,
    compression,
    serverTiming,
  } = options;
  const warnings = poll && { onWarning: poll.onWarning };
  const steps: Step[] = [];
  if (requestId !== undefined) steps.push(new RequestIdStep(requestId));
  if (errorPages !== undefined) steps.push(new ErrorPagesStep(errorPages));
  if (addresses !== undefined) steps.push(new AddressStep(addresses, poll));
  const limit = rateLimit && new RateLimitStep(rateLimit, tenancy);
  if (limit !== undefined) steps.push(limit);
  // Preflight requests have no credentials.
  if (cors !== undefined) steps.push(new CorsStep(cors));
  if (maintenance !== undefined) steps.push(new MaintenanceStep(maintenance));
  if (clientCertificate !== undefined) steps.push(new CertificateStep(clientCertificate, poll?.onWarning));
  if (basicAuth !== undefined) steps.push(new BasicAuthStep(basicAuth, undefined, tenancy));
  if (password !== undefined) steps.push(new PasswordStep(password, undefined, undefined, tenancy));
  if (password !== undefined || dropsOwnCookies === true) steps.push(new OwnCookiesStep());
  if (jwt !== undefined) steps.push(new JwtStep(jwt, warnings, tenancy));
  if (webhook !== undefined) steps.push(new WebhookStep(webhook, warnings, tenancy));
  if (oidc !== undefined) steps.push(new OidcStep(oidc, loginsOf(logins), tenancy));
  if (forwardAuth !== undefined) steps.push(new ForwardAuthStep(forwardAuth, poll?.onWarning));
  if (limit !== undefined && rateLimit?.byUser === true) steps.push(new UserRateLimitStep(rateLimit, limit, tenancy));
  if (credentials !== undefined) steps.push(new CredentialStep(credentials));
  if (securityHeaders === true) steps.push(new SecurityHeadersStep());
  if (headers !== undefined) steps.push(new HeaderStep(headers));
  if (serverTiming !== undefined) steps.push(new ServerTimingStep(serverTiming));
  if (transform !== undefined) steps.push(new TransformStep(transform, warnings, tenancy));
  if (compression !== undefined) steps.push(new CompressionStep(compression));
  return steps.length === 0 ? undefined : new Steps(steps, former);
}

function loginsOf(logins: Logins | undefined): Logins {
  if (logins === undefined) throw new RangeError("Nobody can log in here.");
  return logins;
}

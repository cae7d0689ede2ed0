import { createHash } from "node:crypto";
import { contentOf } from "../../content.js";
import type { Identity } from "./identity.js";
import type { ProviderOptions } from "./login-provider.js";

/** Which visitors are admitted after a login, and where they log in. */
export interface OidcOptions {
  /** Undefined: at the provider that all of them share. */
  readonly provider?: ProviderOptions | undefined;
  /** Email addresses. Empty, like `domains`: any. */
  readonly emails: readonly string[];
  /** Domains of email addresses, without the domains below them. */
  readonly domains: readonly string[];
  /** A visitor must be in one of these groups. Empty: in any, or in none. */
  readonly groups: readonly string[];
  /** The provider is asked again after this time, in milliseconds. */
  readonly maxAge: number;
  /** The host of the route, or a wildcard. Undefined: any host. */
  readonly host?: string | undefined;
  /** Logins for another owner are not valid for this policy, even if all the rest is the same. */
  readonly owner?: string | undefined;
}

/**
 * Identifies a policy by its content: a login is valid only for the policy for which it was made, so that a change of
 * the policy takes effect at once.
 */
export function policyId(options: OidcOptions, { issuer, clientId }: ProviderOptions): string {
  const { emails, domains, groups, maxAge, owner } = options;
  const content = contentOf({ issuer, clientId, emails, domains, groups, maxAge, owner });
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

/** Whether `identity` has one of the addresses or domains, and one of the groups. */
export function isAllowed({ emails, domains, groups }: OidcOptions, identity: Identity): boolean {
  const email = identity.email.toLowerCase();
  const domain = email.slice(email.lastIndexOf("@") + 1);
  const isOf = (list: readonly string[], value: string): boolean =>
    value !== "" && list.some((each) => each.toLowerCase() === value);
  const hasEmail = emails.length + domains.length === 0 || isOf(emails, email) || isOf(domains, domain);
  return hasEmail && (groups.length === 0 || groups.some((group) => identity.groups.includes(group)));
}

/** The access options of tunnels that a server can allow: the keys of access tables, and parts of them. */
export const POLICIES = [
  "allow_ips",
  "deny_ips",
  "rate_limit",
  "basic_auth",
  "password_file",
  "jwt",
  "jwks_url",
  "webhook",
  "oidc",
  "forward_auth",
  "headers",
] as const;

/** Those that clients may use by default: the ones for which the server contacts no URLs of clients. */
export const DEFAULT_POLICIES: (typeof POLICIES)[number][] = [
  "allow_ips",
  "deny_ips",
  "rate_limit",
  "basic_auth",
  "password_file",
  "jwt",
  "webhook",
  "oidc",
  "headers",
];

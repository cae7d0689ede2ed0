/** The access options of tunnels that a server can allow: the keys of access tables, and parts of them. */
export const POLICIES = [
  "allow_ips",
  "deny_ips",
  "rate_limit",
  "basic_auth",
  "jwt",
  "jwks_url",
  "oidc",
  "forward_auth",
] as const;

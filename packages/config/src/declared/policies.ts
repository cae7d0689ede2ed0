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
  "forward_auth",
] as const;

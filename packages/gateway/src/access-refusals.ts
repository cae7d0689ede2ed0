type AccessRefusal = readonly [
  status: number,
  message: string,
  more: { readonly retryAfter?: number; readonly advice: string },
];

/** The refusals of the steps of a route or a tunnel, by code, as `refusals` contains them. */
export const ACCESS_REFUSALS = {
  PN_ACCESS_ADDRESS: [
    403,
    "This address is not available from your network. Use another network, or ask its owner for access.",
    { advice: "The visitor's address is not in `allow_ips` of the route or tunnel, or it is in `deny_ips`." },
  ],
  PN_ACCESS_LIST: [
    503,
    "The server cannot check at the moment whether you may use this address. Try again shortly.",
    {
      retryAfter: 5,
      advice:
        "A list of addresses at a URL in `allow_ips` or `deny_ips` has not been fetched yet. The gateway's log names the reason.",
    },
  ],
  PN_ACCESS_RATE: [
    429,
    "You have sent too many requests. Wait a minute, then try again.",
    { retryAfter: 1, advice: "The visitor exceeded `requests_per_minute` in `rate_limit` of the route or tunnel." },
  ],
  PN_ACCESS_CONCURRENT: [
    429,
    "Too many of your requests are in progress at the same time. Wait until some of them are complete.",
    { retryAfter: 1, advice: "The visitor exceeded `max_concurrent` in `rate_limit` of the route or tunnel." },
  ],
  PN_ACCESS_CERTIFICATE_MISSING: [
    403,
    "This address needs a certificate. Install the one that you got from its owner, and connect again over HTTPS.",
    { advice: "Visitors need a certificate that the CA in `client_ca_file` of the route signed." },
  ],
  PN_ACCESS_CERTIFICATE_INVALID: [
    403,
    "Your certificate is not valid for this address, or has expired. Ask its owner for a new one.",
    {
      advice:
        "The CA in `client_ca_file` of the route did not sign the visitor's certificate, or it has expired, or `client_crl_file` lists it.",
    },
  ],
  PN_ACCESS_CERTIFICATE_NAME: [
    403,
    "Your certificate does not give access to this address. Use another one, or ask its owner for access.",
    { advice: "`client_names` of the route contains no name of the visitor's certificate." },
  ],
  PN_ACCESS_CERTIFICATE_LIST: [
    503,
    "Your certificate cannot be checked at the moment. Try again later, or tell the owner of this address.",
    {
      retryAfter: 60,
      advice: "A revocation list in `client_crl_file` of the route has expired or is missing. Fetch the current one.",
    },
  ],
  PN_ACCESS_PASSWORD: [
    401,
    "This address needs a user name and a password. Check them, or ask its owner for access.",
    { advice: "The file that `basic_auth` of the route or tunnel names contains the users." },
  ],
  PN_ACCESS_TOKEN: [
    401,
    "This address needs a valid token. Sign in again, or ask its owner for access.",
    { advice: "The token must be sent as `Authorization: Bearer`, and match the `jwt` table of the route or tunnel." },
  ],
  PN_ACCESS_ISSUER: [
    503,
    "Your token cannot be checked at the moment. Try again shortly.",
    {
      retryAfter: 5,
      advice: "The keys at `jwks_url` cannot be fetched. The gateway's log names the reason.",
    },
  ],
  PN_ACCESS_SERVICE: [
    502,
    "The service that checks access to this address does not work at the moment. Try again later, or tell the owner.",
    { advice: "The gateway's log names the reason. Check that the service at `forward_auth.url` is running." },
  ],
  PN_ACCESS_FAILURES: [
    429,
    "Too many failed attempts came from your network. Wait a minute, then try again.",
    {
      retryAfter: 6,
      advice:
        "An address may send 10 wrong passwords, 30 failed logins, 100 invalid tokens and 100 wrong signatures per minute.",
    },
  ],
  PN_ACCESS_BUSY: [
    503,
    "Too many passwords are being checked at the moment. Try again shortly.",
    {
      retryAfter: 2,
      advice: "The gateway checks two passwords at a time. bcrypt hashes with a lower cost are checked faster.",
    },
  ],
  PN_ACCESS_LOGIN: [
    401,
    "You are not logged in. Load this page in a browser to log in.",
    { advice: "Only pages that a browser opens are redirected to the login. See logins.md." },
  ],
  PN_ACCESS_INSECURE: [
    403,
    "You can only log in over HTTPS. Use https:// instead of http://.",
    { advice: "Serve HTTPS. Behind a proxy with HTTPS, list the proxy in `trusted_proxies`." },
  ],
  PN_ACCESS_HOST: [
    403,
    "You cannot log in at this address. Use the address that you got from its owner.",
    {
      advice:
        "With `callback_url`, visitors log in at the hosts of routes, on the port of `callback_url` or the default port. Visitors of a tunnel log in at its public URL, also if a route of a gateway leads to the tunnel.",
    },
  ],
  PN_ACCESS_BODIES: [
    503,
    "The server is checking too many other requests at the moment. Try again shortly.",
    {
      retryAfter: 2,
      advice:
        "The bodies of requests that are being checked use all of the memory for them: 64 MiB, 16 MiB for each visitor, and 32 MiB for the tunnels of an owner.",
    },
  ],
  PN_ACCESS_PASSWORD_PAGE: [
    401,
    "This address needs a password. Open it in a browser and enter the password, or ask its owner for access.",
    {
      advice:
        "The password is in `password_file` of the route or tunnel, or was entered for `--password`. For programs, use a route or tunnel with `basic_auth` or `jwt`.",
    },
  ],
  PN_ACCESS_ORIGIN: [
    403,
    "This connection must come from a page of this address. Open the page in a browser.",
    {
      advice:
        "If a route or tunnel has a password page or a login, its WebSockets need an Origin header with the host of the page.",
    },
  ],
  PN_ACCESS_LOGIN_EXPIRED: [
    403,
    "This login has expired, or was started in another browser. Open the page that you want again.",
    { advice: "A login must be complete within 10 minutes, and its last step within 30 seconds, in the same browser." },
  ],
  PN_ACCESS_LOGIN_FAILED: [
    403,
    "The login was not successful: it was cancelled, or is not valid any more. Log in again, or ask the owner for access.",
    { advice: "The OpenID provider refused the login. The log of the provider shows the reason." },
  ],
  PN_ACCESS_ACCOUNT: [
    403,
    "Your account may not use this address. Log in as someone else, or ask the owner for access.",
    { advice: "The account must match `emails` or `domains`, with a verified email address, and one of the `groups`." },
  ],
  PN_ACCESS_PROVIDER: [
    502,
    "The service where you log in does not work at the moment. Try again later, or tell the owner.",
    {
      advice:
        "The log names the reason. Check `[server.oidc]` or `[tunnel.server.oidc]`, and that the OpenID provider is running.",
    },
  ],
  PN_ACCESS_LOGINS: [
    503,
    "Too many visitors are logging in at the moment. Try again shortly.",
    {
      retryAfter: 2,
      advice: "At most 64 logins wait for the OpenID provider at a time. Check that it responds quickly.",
    },
  ],
  PN_ACCESS_SIGNATURE: [
    401,
    "This address accepts only requests with a valid signature. Sign the request with the secret of this address.",
    { advice: "The gateway's log names the reason. See `[proxy.access.webhook]` of the route." },
  ],
  PN_ACCESS_CHANGED: [
    503,
    "The rules for access to this address have just changed. Try again.",
    {
      retryAfter: 1,
      advice: "The request waited for a check while other checks came into force. It can be sent again.",
    },
  ],
  PN_ACCESS_TIMEOUT: [
    503,
    "The check whether you may use this address took too long. Try again shortly.",
    {
      retryAfter: 5,
      advice: "The checks took more than 15 seconds. Check that `jwks_url` and `forward_auth.url` respond quickly.",
    },
  ],
} as const satisfies Record<string, AccessRefusal>;

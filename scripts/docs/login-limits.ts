import { CODE_LIMITS, IDENTITY_LIMITS, LOGIN_FAILURES, LOGIN_TIME, OIDC_LIMITS } from "@postern/gateway/service";
import { time } from "./quantity.ts";

/** The limits of logins at an OpenID provider: what is limited, the value, and what happens beyond it. */
export const LOGIN_ROWS: [limited: string, value: string, beyond: string][] = [
  ["time for a login at an OpenID provider", time(LOGIN_TIME), "403 PN_ACCESS_LOGIN_EXPIRED"],
  [
    "time until the browser has used the one-time code of a login, and codes that wait",
    `${time(CODE_LIMITS.lifetime)} and ${CODE_LIMITS.codes}`,
    "403 PN_ACCESS_LOGIN_EXPIRED, 503 PN_ACCESS_LOGINS",
  ],
  ["logins that wait for the OpenID provider", `${OIDC_LIMITS.exchanges}`, "503 PN_ACCESS_LOGINS"],
  ["logins of a browser that are in progress", `${OIDC_LIMITS.pending}`, "the oldest is dropped"],
  ["logins of an address that fail", `${LOGIN_FAILURES.burst} per minute`, "429 PN_ACCESS_FAILURES"],
  ["groups of an account, in bytes", `${IDENTITY_LIMITS.groups}`, "further groups are dropped"],
];

import { refusals, type Notice, type Refusal } from "../../http/index.js";
import { cookieValues } from "../own-cookies/own-cookies.js";
import type { StepRequest, Verdict } from "../step.js";
import { browserHash, redirect, returnPath } from "./browser-visit.js";
import type { Identity } from "./identity.js";
import type { CompletedLogin } from "./login-codes.js";
import { browserCookie, cookieField, loginNames, removedCookie, sessionCookie } from "./login-cookies.js";
import { ProviderError } from "./login-provider.js";
import { LOGIN_PATHS, type LoginPolicy, type Logins } from "./logins.js";
import { isAllowed } from "./policy.js";

/** What the cookie of a login contains. */
export interface Session {
  /** The scheme and the host for which it is valid. */
  readonly site: string;
  /** The id of the policy for which it is valid. */
  readonly policy: string;
  readonly identity: Identity;
}

/** Sessions of one host that a logout ends. */
const MOST_SESSIONS = 16;

const EXPIRED: Refusal = { ...refusals.PN_ACCESS_LOGIN_EXPIRED, link: { text: "Log in again", href: "/" } };

/** The pages on a host for which visitors log in. */
export class HostPages {
  readonly #logins: Logins;

  constructor(logins: Logins) {
    this.#logins = logins;
  }

  /** Ends a login: a visitor brings its code. */
  enter(request: StepRequest, parameters: URLSearchParams): Verdict {
    const { codes, mark, now, seal } = this.#logins;
    const login = codes.take(parameters.get("code") ?? "", now());
    const policy = login && this.#logins.policy(login.policy, login.site);
    if (login === undefined || policy === undefined || !isOf(login, request, mark)) return EXPIRED;
    const { site, identity, path } = login;
    const { maxAge } = policy.options;
    if (!isAllowed(policy.options, identity)) return otherAccount(policy, login);
    const session: Session = { site, policy: policy.id, identity };
    const text = seal.seal("session", session, now() + maxAge);
    return redirect(`${site}${path}`, [cookieField(sessionCookie(mark, policy.id), text, maxAge / 1_000)]);
  }

  /** Begins a login with another account. */
  switch(request: StepRequest, parameters: URLSearchParams): Verdict {
    const { mark } = this.#logins;
    const policy = this.#logins.policy(parameters.get("policy") ?? "", request.site);
    if (policy === undefined) return EXPIRED;
    const path = returnPath(parameters.get("path") ?? "/");
    return this.#logins.begin(request, policy, { path, chooses: true }, [
      removedCookie(sessionCookie(mark, policy.id)),
    ]);
  }

  /** Ends the logins on this host, and then that at the provider. */
  async logout(request: StepRequest): Promise<Verdict> {
    const from = request.fieldValue("sec-fetch-site");
    // Another site must not log a visitor out.
    if (from === "cross-site" || from === "same-site") return LOG_OUT;
    const names = loginNames(request.cookies(), "session").slice(0, MOST_SESSIONS);
    const cookies = names.map(removedCookie);
    for (const name of names) {
      const policy = this.#logins.policyOfCookie(name);
      const url = policy && (await endSession(policy));
      if (url !== undefined) return redirect(url, cookies);
    }
    return { ...LOGGED_OUT, fields: { "Set-Cookie": cookies } };
  }
}

const LOG_OUT: Notice = {
  title: "Log out",
  message: "Follow the link to log out.",
  link: { text: "Log out", href: `${LOGIN_PATHS}logout` },
};

const LOGGED_OUT: Notice = {
  title: "Logged out",
  message: "You are logged out of this site.",
  link: { text: "Log in again", href: "/" },
};

/** Whether the browser that began this login brings it back to where it is for. */
function isOf({ site, browser }: CompletedLogin, request: StepRequest, mark: string): boolean {
  const browsers = cookieValues(request.cookies(), browserCookie(mark)).map(browserHash);
  return site === request.site && browsers.includes(browser);
}

function otherAccount({ id }: LoginPolicy, { identity, path }: CompletedLogin): Refusal {
  const { email, subject } = identity;
  const account = email === "" ? `${subject} (no verified email address)` : email;
  const query = new URLSearchParams({ policy: id, path });
  return {
    ...refusals.PN_ACCESS_ACCOUNT,
    message: `You are logged in as ${account}. This account may not use this address. Ask the owner for access.`,
    link: { text: "Log in as someone else", href: `${LOGIN_PATHS}switch?${query.toString()}` },
  };
}

async function endSession({ provider }: LoginPolicy): Promise<string | undefined> {
  try {
    return await provider.endSessionUrl();
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
}

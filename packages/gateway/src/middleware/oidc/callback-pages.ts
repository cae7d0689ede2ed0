import { randomBytes } from "node:crypto";
import { refusals, type Refusal } from "../../http/index.js";
import { AttemptLimit } from "../rate-limit/attempt-limit.js";
import { RateEntry, type Rate } from "../rate-limit/rate-table.js";
import { cookieValues } from "../own-cookies/own-cookies.js";
import type { StepRequest, Verdict } from "../step.js";
import { redirect } from "./browser-visit.js";
import { identityOf } from "./identity.js";
import { cookieField, loginNames, pendingCookie, removedCookie } from "./login-cookies.js";
import { ProviderError, type ProviderLogin } from "./login-provider.js";
import { LOGIN_PATHS, LOGIN_TIME, type BegunLogin, type Logins } from "./logins.js";

/** `pending`: logins of a browser that are in progress. `exchanges`: logins that wait for the provider. */
export const OIDC_LIMITS = { pending: 8, exchanges: 64 } as const;
/** Logins of a visitor that fail: 30 at once, and 30 a minute. */
export const LOGIN_FAILURES: Rate = { interval: 2_000, burst: 30 };

/** A login that waits for its visitor to come back from the provider. */
interface PendingLogin extends BegunLogin, Omit<ProviderLogin, "redirectUri"> {}

/** The pages on the host to which the provider sends visitors back. */
export class CallbackPages {
  readonly #logins: Logins;
  readonly #failures = new AttemptLimit(LOGIN_FAILURES);
  #exchanges = 0;

  constructor(logins: Logins) {
    this.#logins = logins;
  }

  /** Sends a visitor on to the provider. */
  async login(request: StepRequest, parameters: URLSearchParams): Promise<Verdict> {
    const { mark, seal, now } = this.#logins;
    const begun = seal.open("login", parameters.get("login_token") ?? "", now())?.value as BegunLogin | undefined;
    const policy = begun && this.#logins.policy(begun.policy, begun.site);
    if (policy === undefined || policy.callbackSite(begun!.site) !== request.site)
      return refusals.PN_ACCESS_LOGIN_EXPIRED;
    const [state, nonce, verifier] = [random(), random(), random()];
    const pending: PendingLogin = { ...begun!, state, nonce, verifier };
    const redirectUri = `${request.site}${LOGIN_PATHS}callback`;
    try {
      const url = await policy.provider.authorizationUrl({ redirectUri, state, nonce, verifier }, pending.chooses);
      const text = seal.seal("pending", pending, now() + LOGIN_TIME);
      const older = loginNames(request.cookies(), "pending").slice(0, 1 - OIDC_LIMITS.pending);
      const cookie = cookieField(pendingCookie(mark, state), text, LOGIN_TIME / 1_000);
      return redirect(url, [cookie, ...older.map(removedCookie)]);
    } catch (error) {
      return failure(error, pending);
    }
  }

  /** A visitor comes back from the provider: sends it on to the host for which it logged in, with a code. */
  async callback(request: StepRequest, parameters: URLSearchParams): Promise<Verdict> {
    const pending = this.#pending(request, parameters.get("state") ?? "");
    const policy = pending && this.#logins.policy(pending.policy, pending.site);
    if (policy === undefined || policy.callbackSite(pending!.site) !== request.site)
      return refusals.PN_ACCESS_LOGIN_EXPIRED;
    const { startedAt } = request;
    const failures = this.#failures.admit(request.address, startedAt);
    if (!(failures instanceof RateEntry)) return failures;
    if (this.#exchanges >= OIDC_LIMITS.exchanges) return refusals.PN_ACCESS_LOGINS;
    this.#failures.count(failures, startedAt);
    this.#exchanges++;
    const { site, path, browser, state } = pending!;
    const { groups } = policy.options;
    try {
      const url = new URL(`${request.site}${request.path}`);
      const claims = await policy.provider.claims(url, {
        ...pending!,
        redirectUri: `${request.site}${LOGIN_PATHS}callback`,
      });
      this.#failures.forgive(failures);
      const identity = identityOf(claims, groups);
      if (identity === undefined) return failure(new ProviderError("denied", ""), pending!);
      const { codes, mark, now } = this.#logins;
      // The provider may have taken long to respond.
      if (!policy.accepts(site)) return refusals.PN_ACCESS_LOGIN_EXPIRED;
      const code = codes.issue({ identity, policy: policy.id, site, browser, path }, now());
      if (code === undefined) return refusals.PN_ACCESS_LOGINS;
      return redirect(`${site}${LOGIN_PATHS}enter?code=${code}`, [removedCookie(pendingCookie(mark, state))]);
    } catch (error) {
      return failure(error, pending!);
    } finally {
      this.#exchanges--;
    }
  }

  /** The login of this browser with this `state`. */
  #pending(request: StepRequest, state: string): PendingLogin | undefined {
    if (!/^[\w-]{43}$/.test(state)) return undefined;
    const { mark, seal, now } = this.#logins;
    const found = cookieValues(request.cookies(), pendingCookie(mark, state)).map(
      (text) => seal.open("pending", text, now())?.value as PendingLogin | undefined,
    );
    return found.find((pending) => pending?.state === state);
  }
}

/** @throws an error that no provider causes */
function failure(error: unknown, { site, path }: BegunLogin): Refusal {
  if (!(error instanceof ProviderError)) throw error;
  const refusal = error.kind === "denied" ? refusals.PN_ACCESS_LOGIN_FAILED : refusals.PN_ACCESS_PROVIDER;
  return { ...refusal, link: { text: "Log in again", href: `${site}${path}` } };
}

/** 32 random bytes: a state, a nonce, or a verifier of PKCE. */
function random(): string {
  return randomBytes(32).toString("base64url");
}

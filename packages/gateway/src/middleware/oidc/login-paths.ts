import { refusals } from "../../http/index.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import { CallbackPages } from "./callback-pages.js";
import { HostPages } from "./host-pages.js";
import { LOGIN_PATHS, type Logins } from "./logins.js";

const ONLY_GET = { ...refusals.PN_ROUTE_METHOD, fields: { Allow: "GET" } };

/** Responds to requests for the paths of logins. */
export class LoginPaths implements Step {
  readonly name = "login paths";
  readonly #callback: CallbackPages | undefined;
  readonly #host: HostPages;

  /** @param callback undefined: another host has the pages to which the provider sends visitors back */
  constructor(logins: Logins, callback?: CallbackPages) {
    this.#callback = callback;
    this.#host = new HostPages(logins);
  }

  check(request: StepRequest): Verdict | Promise<Verdict> {
    const { path, method } = request;
    const query = path.indexOf("?");
    const name = path.slice(LOGIN_PATHS.length, query < 0 ? undefined : query);
    const parameters = new URLSearchParams(query < 0 ? "" : path.slice(query + 1));
    if (name === "logout" && method === "POST") return this.#host.logout(request);
    const page = {
      login: () => this.#callback?.login(request, parameters) ?? refusals.PN_ROUTE_UNKNOWN,
      callback: () => this.#callback?.callback(request, parameters) ?? refusals.PN_ROUTE_UNKNOWN,
      enter: () => this.#host.enter(request, parameters),
      switch: () => this.#host.switch(request, parameters),
      logout: () => this.#host.logout(request),
    };
    if (!Object.hasOwn(page, name)) return refusals.PN_ROUTE_UNKNOWN;
    // Another method, such as HEAD, must not use up a code.
    return method === "GET" ? page[name as keyof typeof page]() : ONLY_GET;
  }
}

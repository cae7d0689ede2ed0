import type { Certificates } from "@postern/net";
import { refusals, type Refusal, type RequestHead } from "../http/index.js";
import type { RefusalRoute, RespondRoute } from "../route.js";
import { HttpsRedirect } from "./https-redirect.js";
import type { GatewayTls } from "./service-options.js";

type RedirectResponse = RespondRoute & { page: Refusal; location: string };

/** What a redirect depends on. All of it can change while the gateway runs. */
export interface RedirectDependencies {
  readonly certificates: Pick<Certificates, "covers">;
  readonly routes: { namesHost: (host: string) => boolean };
  /** The port of the HTTPS listener. */
  readonly port: () => number;
}

/** The redirect of a gateway from HTTP to its HTTPS listener; undefined: it has none. */
export function gatewayRedirect(
  { redirect = false, redirectExempt: exempt = [] }: GatewayTls,
  { certificates, routes, port }: RedirectDependencies,
): HttpsRedirect | undefined {
  if (!redirect) return undefined;
  return new HttpsRedirect({
    exempt,
    isServed: (host) => certificates.covers(host) || routes.namesHost(host),
    urlOf: (host) => new URL(`https://${host}:${port()}`).origin,
  });
}

/** The response to a request over HTTP that reaches no route because of the redirect; undefined: it is exempt. */
export function redirected(
  redirect: HttpsRedirect,
  { method, host, path }: RequestHead,
): RefusalRoute | RedirectResponse | undefined {
  if (!redirect.applies(host, path)) return undefined;
  const location = redirect.location(host, path);
  if (location === undefined) return { kind: "refusal", refusal: refusals.PN_HTTP_HOST_UNKNOWN };
  return { kind: "respond", page: insecure(method), location };
}

/** Older clients turn any request into GET after 301, which changes nothing for GET and HEAD. */
function insecure(method: string): typeof refusals.PN_HTTP_INSECURE {
  const isSafe = method === "GET" || method === "HEAD";
  return isSafe ? { ...refusals.PN_HTTP_INSECURE, status: 301 } : refusals.PN_HTTP_INSECURE;
}

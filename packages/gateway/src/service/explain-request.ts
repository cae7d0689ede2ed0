import { Certificates, parseListenAddress } from "@postern/net";
import { refusals, RequestHead } from "../http/index.js";
import { AddressStep } from "../middleware/addresses/address-step.js";
import { stepNames } from "../middleware/chain/step-names.js";
import { pathEdit, pathOf, redirectLocation, RouteTable, type RouteExplanation } from "../routing/index.js";
import { gatewayRedirect, redirected } from "./gateway-redirect.js";
import type { HttpsRedirect } from "./https-redirect.js";
import { ServiceEndpoints } from "./service-endpoints.js";
import type { FilesAction, ForwardAction, GatewayTls, RouteOptions } from "./service-options.js";
import { ROUTE_REFUSALS } from "./service-router.js";
import { targetUpstream } from "./target-upstream.js";
import { UNDIALLED_TUNNEL } from "./tunnel-target.js";

/** A request to explain. */
export interface RequestToExplain {
  readonly scheme: "http" | "https";
  readonly method: string;
  /** Canonical, with the port if the URL has one. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** The header fields besides Host: name and value, without CR and LF. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The visitor's IP address. */
  readonly address: string;
}

/** What a target would get. */
export interface ExplainedTarget {
  readonly url: string;
  /** Path and query; undefined if the request is refused, because its path leaves the route or the target. */
  readonly path: string | undefined;
  readonly host: string;
}

/** The folder that a request goes to. */
export interface ExplainedFolder {
  readonly directory: string;
  /** The path in the folder, percent-encoded; undefined if the request is refused: its path leaves the route. */
  readonly path: string | undefined;
}

/** The parts of a gateway besides its routes that respond to requests. */
export interface GatewayToExplain {
  readonly serviceEndpoints: boolean;
  /** Undefined: the gateway has no HTTPS. */
  readonly tls?: GatewayTls | undefined;
}

export interface ExplainedRequest {
  /** The redirect of a request over HTTP to HTTPS; undefined if it is not redirected. No route is tried before it. */
  readonly httpsRedirect: { readonly status: number; readonly location: string } | undefined;
  /** Whether the redirect to HTTPS exempts the path of a request over HTTP. */
  readonly isExempt: boolean;
  readonly routing: RouteExplanation<RouteOptions>;
  /** The names of the steps that it passes, in their order. */
  readonly steps: readonly string[];
  /** Empty unless the route has targets. */
  readonly targets: readonly ExplainedTarget[];
  /** Of a route with files. */
  readonly folder: ExplainedFolder | undefined;
  /** Of a redirect; undefined if the request is refused. */
  readonly location: string | undefined;
  /** Whether a page for monitors answers, because no route does. */
  readonly isServiceEndpoint: boolean;
  /** The code of the refusal; undefined if there is none. */
  readonly refusal: string | undefined;
}

/**
 * Explains what a gateway does with a request; sends nothing.
 * @throws RangeError as `checkRoutes`, and for a head that the gateway refuses before it selects a route.
 */
export function explainRequest(
  routes: readonly RouteOptions[],
  request: RequestToExplain,
  { serviceEndpoints, tls }: GatewayToExplain,
): ExplainedRequest {
  const table = new RouteTable(routes.map((route) => ({ match: route.match, value: route })));
  const head = headOf(request);
  const redirect = request.scheme === "http" ? redirectOf(tls, table) : undefined;
  const elsewhere = redirect && redirected(redirect, head);
  if (elsewhere !== undefined) return unrouted(elsewhere);
  const { host } = head;
  const routing = table.explain({ ...request, host, fieldValue: (name, field) => head.fieldValue(name, field) });
  const { value, fault } = routing;
  const { action } = value ?? {};
  const targets = value !== undefined && action?.kind === "forward" ? targetsOf(value, action, request) : [];
  const folder = value !== undefined && action?.kind === "files" ? folderOf(value, action, request) : undefined;
  const location =
    value !== undefined && action?.kind === "redirect" ? redirectLocation(value.match, action.to)(head) : undefined;
  const isServiceEndpoint =
    serviceEndpoints &&
    (fault === undefined ? value?.afterEndpoints === true : fault !== "path") &&
    new ServiceEndpoints("").page(request.method, request.path, false) !== undefined;
  const isRefused =
    (action?.kind === "redirect" && location === undefined) ||
    (folder !== undefined && folder.path === undefined) ||
    targets.some(({ path }) => path === undefined);
  const why = isRefused ? "path" : isServiceEndpoint ? undefined : fault;
  const denied = value === undefined || isServiceEndpoint ? undefined : addressRefusal(value, request);
  const refusal = denied ?? (why && ROUTE_REFUSALS[why].code);
  const secured = { httpsRedirect: undefined, isExempt: redirect !== undefined };
  const steps = value === undefined || isServiceEndpoint ? [] : stepNames(value.steps, value.match.host);
  return { ...secured, routing, steps, targets, folder, location, isServiceEndpoint, refusal };
}

/** The code of the refusal of the visitor's address, if the route does not serve it. Lists at URLs are not fetched. */
function addressRefusal({ steps }: RouteOptions, request: RequestToExplain): string | undefined {
  const refusal = steps?.addresses && new AddressStep(steps.addresses).check(request);
  return refusal === refusals.PN_ACCESS_ADDRESS ? refusal.code : undefined;
}

/** What happens to a request that reaches no route because of the redirect to HTTPS. */
function unrouted(response: NonNullable<ReturnType<typeof redirected>>): ExplainedRequest {
  const isRefused = response.kind === "refusal";
  return {
    httpsRedirect: isRefused ? undefined : { status: response.page.status, location: response.location },
    isExempt: false,
    routing: { value: undefined, fault: undefined, allowed: "", ambiguity: undefined, candidates: [] },
    steps: [],
    targets: [],
    folder: undefined,
    location: undefined,
    isServiceEndpoint: false,
    refusal: isRefused ? response.refusal.code : undefined,
  };
}

function redirectOf(tls: GatewayTls | undefined, routes: RouteTable<RouteOptions>): HttpsRedirect | undefined {
  if (tls === undefined) return undefined;
  const { port } = parseListenAddress(tls.listen);
  return gatewayRedirect(tls, { certificates: new Certificates(tls.certificates), routes, port: () => port });
}

function folderOf(
  { match }: RouteOptions,
  { files, stripPrefix, rewrite }: FilesAction,
  { path }: RequestToExplain,
): ExplainedFolder {
  const edited = pathEdit(match.path, { stripPrefix, rewrite }).apply(path, "");
  return { directory: files.directory, path: edited === undefined ? undefined : pathOf(edited) };
}

/** The head as the gateway receives it. @throws RangeError if the gateway refuses it. */
export function headOf({ method, path, authority, headers }: RequestToExplain): RequestHead {
  const lines = [["Host", authority] as const, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const head = new RequestHead();
  head.read(bytes, 0, bytes.length);
  if (head.refusal === undefined) return head;
  const { code, message } = head.refusal;
  throw new RangeError(`The gateway refuses this request before it selects a route: ${code}: ${message}`);
}

function targetsOf(
  { match }: RouteOptions,
  { targets, stripPrefix, rewrite, hostHeader }: ForwardAction,
  { path, authority }: RequestToExplain,
): ExplainedTarget[] {
  const edit = pathEdit(match.path, { stripPrefix, rewrite });
  return targets.map((target) => {
    const upstream = targetUpstream(target, { tunnelUpstream: () => UNDIALLED_TUNNEL });
    return {
      url: target.url,
      path: edit.apply(path, upstream.basePath ?? ""),
      host: hostHeader ?? upstream.authority ?? authority,
    };
  });
}

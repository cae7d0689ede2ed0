import { pathEdit, pathOf, redirectLocation, RouteTable, type RouteExplanation } from "../routing/index.js";
import { ServiceEndpoints } from "./service-endpoints.js";
import type { FilesAction, ForwardAction, RouteOptions } from "./service-options.js";
import { ROUTE_REFUSALS } from "./service-router.js";
import { targetUpstream } from "./target-upstream.js";
import { UNDIALLED_TUNNEL } from "./tunnel-target.js";

/** A request to explain, without header fields. */
export interface RequestToExplain {
  readonly method: string;
  /** Canonical, with the port if the URL has one. */
  readonly authority: string;
  /** Without a port. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
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

export interface ExplainedRequest {
  readonly routing: RouteExplanation<RouteOptions>;
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

/** Explains what a gateway does with a request; sends nothing. @throws RangeError as `checkRoutes`. */
export function explainRequest(
  routes: readonly RouteOptions[],
  request: RequestToExplain,
  { serviceEndpoints }: { serviceEndpoints: boolean },
): ExplainedRequest {
  const table = new RouteTable(routes.map((route) => ({ match: route.match, value: route })));
  const routing = table.explain({ ...request, fieldValue: () => "" });
  const { value, fault } = routing;
  const { action } = value ?? {};
  const targets = value !== undefined && action?.kind === "forward" ? targetsOf(value, action, request) : [];
  const folder = value !== undefined && action?.kind === "files" ? folderOf(value, action, request) : undefined;
  const location =
    value !== undefined && action?.kind === "redirect" ? redirectLocation(value.match, action.to)(request) : undefined;
  const isServiceEndpoint =
    serviceEndpoints &&
    (fault === undefined ? value?.afterEndpoints === true : fault !== "path") &&
    new ServiceEndpoints("").page(request.method, request.path, false) !== undefined;
  const isRefused =
    (action?.kind === "redirect" && location === undefined) ||
    (folder !== undefined && folder.path === undefined) ||
    targets.some(({ path }) => path === undefined);
  const why = isRefused ? "path" : isServiceEndpoint ? undefined : fault;
  return { routing, targets, folder, location, isServiceEndpoint, refusal: why && ROUTE_REFUSALS[why].code };
}

function folderOf(
  { match }: RouteOptions,
  { files, stripPrefix, rewrite }: FilesAction,
  { path }: RequestToExplain,
): ExplainedFolder {
  const edited = pathEdit(match.path, { stripPrefix, rewrite }).apply(path, "");
  return { directory: files.directory, path: edited === undefined ? undefined : pathOf(edited) };
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

import type { RouteConfiguration } from "@postern/config";
import type { CorsOptions, StepOptions } from "@postern/gateway/service";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile } from "../settings/owned-file.js";

/** Steps of a route that change its requests and responses, and the files that they consist of. */
export interface RouteMiddleware {
  readonly steps: StepOptions;
  readonly files: string[];
}

/**
 * Reads the tables of `[proxy.middleware]` about headers and pages. Throws CliError for the files.
 * @param index of the route in the configuration
 */
export async function loadRouteMiddleware(
  settings: Settings,
  { middleware }: RouteConfiguration,
  index: number,
): Promise<RouteMiddleware> {
  const { headers, security_headers, request_id, cors } = middleware;
  const files: string[] = [];
  const read = async (value: string, ...named: string[]): Promise<string> => {
    const path = settings.pathOf(value, "proxy", index, "middleware", ...named);
    files.push(path);
    return (await readOwnedFile(path)).bytes.toString("utf8");
  };
  const errorPages = await errorPagesOf(middleware.error_pages, read);
  const maintenance = await maintenanceOf(middleware.maintenance, read);
  const edits = {
    request: { set: headers.request_headers, remove: headers.remove_request_headers },
    response: { set: headers.response_headers, remove: headers.remove_response_headers },
  };
  const editsAnything = [edits.request, edits.response].some(
    ({ set, remove }) => Object.keys(set).length > 0 || remove.length > 0,
  );
  const { request_header: requestHeader, response_header: responseHeader } = request_id;
  const allowed = corsOf(cors);
  return {
    files,
    steps: {
      ...((requestHeader ?? responseHeader) !== undefined && { requestId: { requestHeader, responseHeader } }),
      ...(errorPages && { errorPages }),
      ...(allowed && { cors: allowed }),
      ...(maintenance && { maintenance }),
      ...(editsAnything && { headers: edits }),
      ...(security_headers && { securityHeaders: true }),
    },
  };
}

function corsOf(cors: RouteConfiguration["middleware"]["cors"]): CorsOptions | undefined {
  const { allow_origins: origins, allow_methods: methods, allow_headers: headers, expose_headers: exposed } = cors;
  if (origins.length === 0) return undefined;
  return {
    origins,
    exposed,
    credentials: cors.allow_credentials,
    maxAge: Math.floor(cors.max_age / 1_000),
    ...(methods.length > 0 && { methods: methods.map((method) => method.toUpperCase()) }),
    ...(headers.length > 0 && { headers }),
  };
}

type ReadPage = (value: string, ...named: string[]) => Promise<string>;

async function errorPagesOf(
  { pages, targets }: RouteConfiguration["middleware"]["error_pages"],
  read: ReadPage,
): Promise<StepOptions["errorPages"]> {
  const loaded: Record<string, string> = {};
  for (const [status, file] of Object.entries(pages)) loaded[status] = await read(file, "error_pages", "pages", status);
  return Object.keys(loaded).length === 0 ? undefined : { pages: loaded, targets };
}

async function maintenanceOf(
  { enabled, allow_ips: allow, page, retry_after }: RouteConfiguration["middleware"]["maintenance"],
  read: ReadPage,
): Promise<StepOptions["maintenance"]> {
  if (!enabled) return undefined;
  const html = page === undefined ? undefined : await read(page, "maintenance", "page");
  return { allow, retryAfter: Math.ceil(retry_after / 1_000), ...(html !== undefined && { page: html }) };
}

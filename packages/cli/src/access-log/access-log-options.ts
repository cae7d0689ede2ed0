import { join, resolve } from "node:path";
import type { RouteConfiguration } from "@postern/config";
import type { AccessLogOptions, ShownFields } from "@postern/gateway/access-log";
import { logPlace } from "../reporting/log-file.js";
import type { LogFilesOptions } from "../reporting/log-files.js";
import type { Settings } from "../settings/configuration.js";

/** The output of logs on the console. All others are paths of files. */
export const CONSOLE_OUTPUT = "-";

/** The access log of `[logging.access]`; undefined: it is not enabled. */
export function programAccessLog(settings: Settings): AccessLogOptions | undefined {
  const { access } = settings.loaded.values.logging;
  if (!access.enabled) return undefined;
  return optionsOf(settings, {}, access.output === "console" ? CONSOLE_OUTPUT : programFile(settings));
}

/**
 * The access log of a route.
 * @returns undefined: that of the program; false: its requests are not logged
 */
export function routeAccessLog(
  settings: Settings,
  { middleware }: RouteConfiguration,
  index: number,
): AccessLogOptions | false | undefined {
  const place = ["proxy", index, "middleware", "access_log"];
  if (!settings.loaded.hasTable(...place)) return undefined;
  const { access } = settings.loaded.values.logging;
  const own = middleware.access_log;
  if (own.enabled === false) return false;
  const output = own.output ?? (own.file === undefined ? access.output : "file");
  const file = own.file === undefined ? programFile(settings) : settings.pathOf(own.file, ...place, "file");
  return optionsOf(settings, own, output === "console" ? CONSOLE_OUTPUT : resolve(file));
}

type OwnOptions = Partial<RouteConfiguration["middleware"]["access_log"]>;

/** @param own those of a route, in place of those of the program */
function optionsOf(settings: Settings, own: OwnOptions, output: string): AccessLogOptions {
  const { access } = settings.loaded.values.logging;
  return {
    format: own.format ?? access.format,
    output,
    statuses: own.statuses ?? access.statuses,
    slowerThan: own.slower_than ?? access.slower_than,
    excludePaths: own.exclude_paths ?? access.exclude_paths,
    sample: own.sample ?? access.sample,
    secretNames: own.secret_parameters ?? access.secret_parameters,
    omitsQueries: (own.query_strings ?? access.query_strings) === "omitted",
    shown: shownFields(settings),
  };
}

/** The files of an access log. @param path as `output` of its options */
export function accessLogFile({ loaded }: Settings, path: string): Omit<LogFilesOptions, "onFailure"> {
  const { logging } = loaded.values;
  return {
    ...logPlace(path),
    mode: logging.file_mode,
    maxBytes: logging.access.rotate ? logging.file_size_mb * 1e6 : Infinity,
    retentionDays: logging.access.rotate ? logging.retention_days : 0,
    fix: "Choose another `file` for the access log, or another logs_directory in [logging].",
  };
}

/** The paths of all access logs. */
export function accessLogPaths(settings: Settings): string[] {
  const { proxy } = settings.loaded.values;
  const logs = [programAccessLog(settings), ...proxy.map((route, index) => routeAccessLog(settings, route, index))];
  const outputs = logs.flatMap((log) => (log === undefined || log === false ? [] : [log.output]));
  return [...new Set(outputs)].filter((output) => output !== CONSOLE_OUTPUT);
}

function programFile(settings: Settings): string {
  const { logs_directory: folder, access } = settings.loaded.values.logging;
  const file =
    access.file === undefined
      ? join(settings.pathOf(folder, "logging", "logs_directory"), "access.log")
      : settings.pathOf(access.file, "logging", "access", "file");
  return resolve(file);
}

function shownFields({ loaded }: Settings): ShownFields {
  const { logging } = loaded.values;
  return {
    ids: logging.enable_request_ids,
    figures: logging.enable_performance_metrics,
    visitors: logging.enable_visitor_addresses,
    hosts: logging.enable_request_hosts,
    userAgents: logging.enable_user_agents,
  };
}

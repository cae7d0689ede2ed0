import { logPlace } from "../reporting/log-file.js";
import type { LogFilesOptions } from "../reporting/log-files.js";
import type { Settings } from "../settings/configuration.js";

/** The event log of `[tunnel.monitoring]`; undefined if there is none. */
export function eventFileOptions(
  settings: Settings,
  onFailure: (message: string) => void = () => {},
): LogFilesOptions | undefined {
  const { tunnel, logging } = settings.loaded.values;
  const { event_log_file: file } = tunnel.monitoring;
  if (file === undefined) return undefined;
  return {
    ...logPlace(settings.pathOf(file, "tunnel", "monitoring", "event_log_file")),
    mode: logging.file_mode,
    maxBytes: logging.file_size_mb * 1e6,
    retentionDays: logging.retention_days,
    fix: "Choose another event_log_file in [tunnel.monitoring].",
    onFailure,
  };
}

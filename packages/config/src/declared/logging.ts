import { accessLog, traceContext } from "./access-log.js";
import { option, section } from "./declaration.js";
import { choice } from "../kinds/choice.js";
import { fileMode } from "../kinds/file-mode.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { decimal, integer } from "../kinds/number.js";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const level = choice(LOG_LEVELS);

export const logging = section("Log messages: level, format and files.", {
  level: option(level, "Minimum log level. `trace` shows the same messages as `debug`.", {
    default: "info",
    env: "POSTERN_LOG_LEVEL",
    flag: "--log-level <level>",
    example: '"info"',
  }),
  format: option(choice(LOG_FORMATS), "Log format on the console: text for people, or one JSON object per line.", {
    default: "text",
    env: "POSTERN_LOG_FORMAT",
    flag: "--log-format <format>",
  }),
  output_mode: option(
    choice(["both", "file", "console"]),
    "Where log messages go. Files need file_logging = true; without it, messages always go to the console.",
    { default: "both" },
  ),
  file_logging: option(flag(), "Write log files.", { default: false, example: "true" }),
  logs_directory: option(filePath, "Folder for the log files.", { default: "./logs" }),
  file_mode: option(
    fileMode(),
    "Permissions of log files and of event_log_file, as octal text. If the group or other users may read the files, they may also enter the folders that Postern creates for them.",
    { default: 0o600, example: '"0640"' },
  ),
  file_size_mb: option(
    decimal({ min: 0.001, max: 10_000 }),
    "Maximum size of a log file, in megabytes. A larger file is rotated.",
    { default: 10 },
  ),
  retention_days: option(integer({ max: 36_500 }), "Days after which a rotated log file is deleted. 0: never.", {
    default: 30,
  }),
  structured_logging: option(flag(), "Write JSON lines to log files, regardless of `format`.", { default: false }),
  enable_request_ids: option(flag(), "Include request ids in log lines about requests.", { default: true }),
  enable_performance_metrics: option(flag(), "Include durations and sizes in log lines about requests.", {
    default: true,
  }),
  enable_visitor_addresses: option(
    flag(),
    "Include the visitor's IP address (`visitor`) in log lines about requests.",
    { default: true },
  ),
  enable_request_hosts: option(flag(), "Include the requested host (`host`) in log lines about requests.", {
    default: true,
  }),
  enable_user_agents: option(
    flag(),
    "Include the User-Agent (`user_agent`, without values that look like secrets) in log lines about requests.",
    { default: true },
  ),
  access: accessLog,
  trace_context: traceContext,
  levels: section("Log levels for individual parts of the program. Default: `level` in `[logging]`.", {
    server: option(level, "Minimum level for messages of the server.", { example: '"warn"' }),
    gateway: option(level, "Minimum level for messages of the gateway.", { example: '"warn"' }),
    tunnel: option(level, "Minimum level for messages about the client's tunnels.", { example: '"debug"' }),
    requests: option(level, "Minimum level for messages about requests, which are logged at `info`.", {
      example: '"warn"',
    }),
  }),
});

import { option, section } from "../declaration.js";
import { choice } from "../kinds/choice.js";
import { flag } from "../kinds/flag.js";
import { decimal, integer } from "../kinds/number.js";
import { text } from "../kinds/text.js";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const level = choice(LOG_LEVELS);

export const logging = section("What is told, and where.", {
  level: option(level, "The least important messages that are told.", {
    default: "info",
    env: "POSTERN_LOG_LEVEL",
    flag: "--log-level <level>",
    example: '"info"',
  }),
  format: option(choice(LOG_FORMATS), "For people, or for programs: JSON lines.", {
    default: "text",
    env: "POSTERN_LOG_FORMAT",
    flag: "--log-format <format>",
  }),
  output_mode: option(
    choice(["both", "file", "console"]),
    "Where messages go. Files are written with file_logging; without it, the console has them in any case.",
    {
      default: "both",
    },
  ),
  file_logging: option(flag(), "Whether messages go into files, too.", { default: false, example: "true" }),
  logs_directory: option(text({ what: "path" }), "The folder of the files.", { default: "./logs" }),
  file_size_mb: option(decimal({ min: 0.001, max: 10_000 }), "Megabytes after which a new file is begun.", {
    default: 10,
  }),
  retention_days: option(integer({ max: 36_500 }), "Days after which a file is deleted. 0: never.", { default: 30 }),
  structured_logging: option(flag(), "Whether files hold JSON lines, whatever `format` says.", { default: false }),
  enable_request_ids: option(flag(), "Whether lines about requests hold their ids.", { default: true }),
  enable_performance_metrics: option(flag(), "Whether lines about requests hold durations and sizes.", {
    default: true,
  }),
  levels: section("Other levels for parts of the program.", {
    server: option(level, "The tunnel server.", { example: '"warn"' }),
    tunnel: option(level, "Tunnels of the client.", { example: '"debug"' }),
    requests: option(level, "Requests through tunnels, told at `info`.", { example: '"warn"' }),
  }),
});

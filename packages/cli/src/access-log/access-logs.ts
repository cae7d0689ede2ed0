import { AccessLog, type AccessLogFigures, type AccessLogOptions } from "@postern/gateway/access-log";
import { LogFiles } from "../reporting/log-files.js";
import type { Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import type { Output } from "../terminal/output.js";
import { accessLogFile, accessLogPaths, CONSOLE_OUTPUT, programAccessLog } from "./access-log-options.js";
import { LineWriter } from "./line-writer.js";

/** An open output of access logs. */
interface OpenOutput {
  readonly writer: LineWriter;
  /** Undefined: the console. */
  readonly files: LogFiles | undefined;
}

export interface AccessLogsOptions {
  settings: Settings;
  /** For logs on the console. */
  console: Output;
  onWarning: (text: string) => void;
  /** Warnings about the console itself. */
  onConsoleWarning: (text: string) => void;
}

/**
 * The access logs of a process, and their outputs, as a service. It starts before all services that log, and stops
 * after them.
 */
export class AccessLogs implements Service {
  /** That of `[logging.access]`; undefined: there is none. */
  readonly program: AccessLog | undefined;
  readonly #options: AccessLogsOptions;
  readonly #outputs = new Map<string, OpenOutput>();

  /** Opens the log of `[logging.access]`. Throws PN_LOG_UNWRITABLE. */
  constructor(options: AccessLogsOptions) {
    this.#options = options;
    const program = programAccessLog(options.settings);
    this.program = program && this.open(program);
  }

  /** Throws PN_LOG_UNWRITABLE if the logs of another configuration cannot be opened. An open log is not checked. */
  check(settings: Settings): void {
    const paths = accessLogPaths(settings).filter((path) => !this.#outputs.has(path));
    for (const path of paths) LogFiles.check(accessLogFile(settings, path));
  }

  /** Opens a log. Logs with the same output share it. Throws PN_LOG_UNWRITABLE. */
  open(options: AccessLogOptions): AccessLog {
    const { output } = options;
    let opened = this.#outputs.get(output);
    if (opened === undefined) this.#outputs.set(output, (opened = this.#openOutput(output)));
    return new AccessLog(options, opened.writer);
  }

  /** Whether a log is open. */
  get hasLogs(): boolean {
    return this.#outputs.size > 0;
  }

  /** Of all logs, since the start. */
  get figures(): AccessLogFigures {
    const writers = [...this.#outputs.values()].map(({ writer }) => writer);
    return {
      lines: writers.reduce((sum, { lines }) => sum + lines, 0),
      dropped: writers.reduce((sum, { dropped }) => sum + dropped, 0),
    };
  }

  /** Already open, so that all services can log from their start on. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): void {
    for (const { writer, files } of this.#outputs.values()) {
      writer.flush();
      files?.reopen();
    }
  }

  async stop(): Promise<void> {
    const outputs = [...this.#outputs.values()];
    for (const { writer } of outputs) writer.close();
    await Promise.all(outputs.flatMap(({ files }) => files?.close() ?? []));
  }

  #openOutput(name: string): OpenOutput {
    const { settings, console, onWarning, onConsoleWarning } = this.#options;
    if (name === CONSOLE_OUTPUT) {
      const sink = { lines: (text: string): boolean => console.lines(text) };
      return {
        writer: new LineWriter({ sink, name: "on the console", onWarning: onConsoleWarning }),
        files: undefined,
      };
    }
    const files = new LogFiles({
      ...accessLogFile(settings, name),
      // One warning says what it means for the log.
      onFailure: () => {},
      onDropped: (text) => writer.onDropped(text.split("\n").length - 1),
    });
    if (files.warning !== undefined) onWarning(files.warning);
    const sink = {
      lines(text: string): boolean {
        files.lines(text);
        return true;
      },
    };
    const writer = new LineWriter({ sink, name, onWarning });
    return { writer, files };
  }
}

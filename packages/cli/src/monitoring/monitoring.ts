import type { ConnectionState, ConnectOptions, StatusEvent } from "@postern/client";
import type { Settings } from "../settings/configuration.js";
import { machineEvent, type MachineEvent } from "../terminal/terminal.js";
import { version } from "../version.js";
import { ClientStatus } from "./client-status.js";
import { LocalApi } from "./local-api.js";
import type { EventExport } from "./exports.js";
import { announceClient, runFolder } from "./run-file.js";

/** The parts of `[tunnel]` that say what is monitored, and how; they are read at the start alone. */
export const MONITORED: ReadonlySet<string> = new Set(["monitoring", "local_api"]);

export interface MonitoringOptions {
  settings: Settings;
  /** Which command this is. */
  command: string;
  /** Hears what monitoring itself has to tell: an event for programs, and what people should know of. */
  report: (level: "debug" | "warn", event: MachineEvent) => void;
}

/** What a command tells of its endpoints beside its own output: it hears everything, and answers who asks. */
export class Monitoring {
  readonly status: ClientStatus;
  /** The local API's address; undefined when there is none. */
  apiUrl: string | undefined;
  readonly #options: MonitoringOptions;
  #api: LocalApi | undefined;
  #conceal = (): void => {};
  #exports: EventExport[] = [];
  #isOpen = false;

  constructor(options: MonitoringOptions) {
    this.#options = options;
    const { collect_metrics: countsRequests } = options.settings.loaded.values.tunnel.monitoring;
    this.status = new ClientStatus({ version: version(), countsRequests });
  }

  /**
   * Begins to answer and to pass on what happens, as the configuration says. Trouble with the local API is told, and stops nothing.
   * Throws PN_LOG_UNWRITABLE, PN_CONFIG_INVALID.
   */
  async open(): Promise<void> {
    const { settings } = this.#options;
    const { monitoring, local_api: local } = settings.loaded.values.tunnel;
    if (!monitoring.enabled || this.#isOpen) return;
    this.#isOpen = true;
    if (monitoring.status_webhook !== undefined || monitoring.event_log_file !== undefined) {
      // Loaded only for those who want them.
      const { openExports } = await import("./exports.js");
      const { all, webhook } = await openExports(settings, version(), (message) =>
        this.#tell("warn", message, { state: "monitoring_failing" }),
      );
      this.#exports = all;
      this.status.webhook = webhook;
    }
    if (local.enabled) await this.#openApi(local.listen);
  }

  async #openApi(listen: string): Promise<void> {
    const { settings, command } = this.#options;
    const { collect_metrics: metrics } = settings.loaded.values.tunnel.monitoring;
    try {
      this.#api = await LocalApi.open({ listen, status: this.status, metrics });
    } catch (error) {
      const { message } = error as Error;
      return this.#tell("warn", `there is no local API: ${message}`, { state: "local_api_failed" });
    }
    const { url } = this.#api;
    this.apiUrl = url;
    const { pid, started } = this.status.document();
    try {
      this.#conceal = announceClient(runFolder(settings.env), { schema: 1, pid, api: url, started, command });
    } catch (error) {
      const { message } = error as Error;
      this.#tell("debug", `\`postern status\` will not find this client: ${message}`, { state: "run_file_failed" });
    }
    this.#tell("debug", `local API: ${url}`, { state: "local_api", url });
  }

  /** Hears every event, those of the process itself included. */
  onEvent(event: StatusEvent): void {
    this.status.add(event);
    for (const each of this.#exports) each.add(event);
  }

  #tell(level: "debug" | "warn", message: string, data: Record<string, unknown>): void {
    const event = machineEvent("status_update", "postern", message, data);
    this.onEvent(event);
    this.#options.report(level, event);
  }

  onState(label: string, state: ConnectionState | undefined): void {
    this.status.stateChanged(label, state);
  }

  apply(wishes: readonly { label: string; options: ConnectOptions }[]): void {
    this.status.apply(wishes);
  }

  async close(): Promise<void> {
    this.#conceal();
    await Promise.all([this.#api?.close(), ...this.#exports.map((each) => each.close())]);
  }
}

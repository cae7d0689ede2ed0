import type { ConnectionState, ConnectOptions, StatusEvent } from "@postern/client";
import type { Settings } from "../configuration.js";
import { machineEvent, type MachineEvent } from "../terminal.js";
import { version } from "../version.js";
import { ClientStatus } from "./client-status.js";
import { LocalApi } from "./local-api.js";
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

  constructor(options: MonitoringOptions) {
    this.#options = options;
    const { collect_metrics: countsRequests } = options.settings.loaded.values.tunnel.monitoring;
    this.status = new ClientStatus({ version: version(), countsRequests });
  }

  /** Begins to answer, if the configuration does not say otherwise. Trouble with that is told, and stops nothing. */
  async open(): Promise<void> {
    const { settings, command, report } = this.#options;
    const { monitoring, local_api: local } = settings.loaded.values.tunnel;
    if (!monitoring.enabled || !local.enabled || this.#api !== undefined) return;
    try {
      this.#api = await LocalApi.open({
        listen: local.listen,
        status: this.status,
        metrics: monitoring.collect_metrics,
      });
    } catch (error) {
      const { message } = error as Error;
      return report(
        "warn",
        machineEvent("status_update", "postern", `there is no local API: ${message}`, { state: "local_api_failed" }),
      );
    }
    this.apiUrl = this.#api.url;
    const { pid, started } = this.status.document();
    try {
      this.#conceal = announceClient(runFolder(settings.env), { schema: 1, pid, api: this.apiUrl, started, command });
    } catch (error) {
      const { message } = error as Error;
      const text = `\`postern status\` will not find this client: ${message}`;
      report("debug", machineEvent("status_update", "postern", text, { state: "run_file_failed" }));
    }
    const data = { state: "local_api", url: this.apiUrl };
    report("debug", machineEvent("status_update", "postern", `local API: ${this.apiUrl}`, data));
  }

  onEvent(event: StatusEvent): void {
    this.status.add(event);
  }

  onState(label: string, state: ConnectionState | undefined): void {
    this.status.stateChanged(label, state);
  }

  apply(wishes: readonly { label: string; options: ConnectOptions }[]): void {
    this.status.apply(wishes);
  }

  async close(): Promise<void> {
    this.#conceal();
    await this.#api?.close();
  }
}

import type { ConnectionState, ConnectOptions, StatusEvent } from "@postern/client";
import type { GatewayReport } from "@postern/client/status";
import type { Path } from "@postern/config";
import type { Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import { machineEvent, type MachineEvent } from "../terminal/terminal.js";
import { version } from "../version.js";
import { ClientStatus } from "./client-status.js";
import { LocalApi } from "./local-api.js";
import type { EventExport } from "./exports.js";
import { announceClient, runFolder } from "./run-file.js";

/** The parts of `[tunnel]` that configure monitoring; they are read only at start. */
export const MONITORED: ReadonlySet<string> = new Set(["monitoring", "local_api"]);

/** Whether an option of logs or monitoring is meant. All commands read these only at start. */
export function isFixedReporting([section, part]: Path): boolean {
  return section === "logging" || section === "application" || (section === "tunnel" && MONITORED.has(String(part)));
}

/** An endpoint and its options. */
interface Spec {
  label: string;
  options: ConnectOptions;
}

export interface MonitoringOptions {
  settings: Settings;
  /** The name of the command, for `postern status`. */
  command: string;
  /** The endpoints at start. */
  specs: readonly Spec[];
  /** The report of the gateway; undefined without one. */
  gateway?: (() => GatewayReport | undefined) | undefined;
  /** Called with events of monitoring itself; `warn` for those that the user should see. */
  report: (level: "debug" | "warn", event: MachineEvent) => void;
}

/** The local API, the event log and the webhook of a client, as a service. Opens with the first endpoint. */
export class Monitoring implements Service {
  readonly status: ClientStatus;
  readonly #options: MonitoringOptions;
  #api: LocalApi | undefined;
  #withdraw = (): void => {};
  #exports: EventExport[] = [];
  #isStarted = false;
  #isOpen = false;

  constructor(options: MonitoringOptions) {
    this.#options = options;
    const { collect_metrics: countsRequests } = options.settings.loaded.values.tunnel.monitoring;
    this.status = new ClientStatus({ version: version(), countsRequests });
    this.status.gateway = options.gateway;
    this.status.reconcile(options.specs);
  }

  /** The local API; undefined without one. */
  get api(): Pick<LocalApi, "url" | "pageUrl"> | undefined {
    return this.#api;
  }

  /**
   * Opens the parts that the configuration enables. Throws PN_LOG_UNWRITABLE and PN_CONFIG_INVALID; a local API that
   * cannot be opened is only a warning.
   */
  async start(): Promise<void> {
    this.#isStarted = true;
    if (this.#options.specs.length > 0 || this.#options.gateway !== undefined) await this.#open();
  }

  async #open(): Promise<void> {
    const { settings } = this.#options;
    const { monitoring, local_api: local } = settings.loaded.values.tunnel;
    if (!monitoring.enabled || this.#isOpen) return;
    this.#isOpen = true;
    if (monitoring.status_webhook !== undefined || monitoring.event_log_file !== undefined) {
      // Imported only when needed, because the command must start quickly.
      const { openExports } = await import("./exports.js");
      const { all, webhook } = await openExports(settings, version(), (message) =>
        this.#report("warn", message, { state: "monitoring_failing" }),
      );
      this.#exports = all;
      this.status.webhook = webhook;
    }
    if (local.enabled) await this.#openApi(local.listen);
  }

  async #openApi(listen: string): Promise<void> {
    const { settings, command } = this.#options;
    const { monitoring, local_api: local } = settings.loaded.values.tunnel;
    const { collect_metrics: metrics } = monitoring;
    let api: LocalApi;
    try {
      api = await LocalApi.open({ listen, status: this.status, metrics, metricsToken: local.metrics_token });
    } catch (error) {
      const { message } = error as Error;
      return this.#report("warn", `the local API is not available: ${message}`, { state: "local_api_failed" });
    }
    this.#api = api;
    const { url, token } = api;
    const { pid, started } = this.status.document();
    const client = { schema: 1, pid, api: url, started, command, token: token.text } as const;
    try {
      this.#withdraw = announceClient(runFolder(settings.env), client);
    } catch (error) {
      const { message } = error as Error;
      this.#report("debug", `\`postern status\` cannot find this client: ${message}`, { state: "run_file_failed" });
    }
    this.#report("debug", `local API: ${url}`, { state: "local_api", url });
  }

  /** Records an event of an endpoint or of the process itself. */
  onEvent(event: StatusEvent): void {
    this.status.add(event);
    for (const each of this.#exports) each.add(event);
  }

  #report(level: "debug" | "warn", message: string, data: Record<string, unknown>): void {
    const event = machineEvent("status_update", "postern", message, data);
    this.onEvent(event);
    this.#options.report(level, event);
  }

  onState(label: string, state: ConnectionState | undefined): void {
    this.status.stateChanged(label, state);
  }

  /** Makes the monitored endpoints match `specs`. Throws as `start`. */
  async reconcile(specs: readonly Spec[]): Promise<void> {
    this.status.reconcile(specs);
    if (this.#isStarted && specs.length > 0) await this.#open();
  }

  async stop(): Promise<void> {
    this.#withdraw();
    await Promise.all([this.#api?.close(), ...this.#exports.map((each) => each.close())]);
  }
}

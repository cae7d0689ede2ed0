import {
  startGateway,
  type GatewayService as Gateway,
  type GatewayServiceOptions,
  type RouteChanges,
} from "@postern/gateway/service";
import type { GatewayReport } from "@postern/client/status";
import { programAccessLog } from "../access-log/access-log-options.js";
import type { AccessLogs } from "../access-log/access-logs.js";
import { cookieKey } from "../credentials/cookie-key.js";
import type { PreparedReload, Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import { gatewayOptions, loadGateway, type ConfiguredGateway } from "./configured-gateway.js";

export type GatewayState = "listening" | "draining" | "stopped";
export type GatewayAddresses = Pick<Gateway, "address" | "secureAddress">;

export interface GatewayReports extends Pick<
  GatewayServiceOptions,
  "onRequest" | "onOmitted" | "onTargetFailure" | "onTargetChange" | "onFault"
> {
  onState: (state: GatewayState, gateway: GatewayAddresses) => void;
  onWarning: (text: string) => void;
}

export interface GatewayPartOptions {
  settings: Settings;
  configured: ConfiguredGateway;
  reports: GatewayReports;
  /** Undefined: there are none. */
  accessLogs?: AccessLogs | undefined;
  /** The upstream of a tunnel of this process's server; undefined without a server. */
  tunnelUpstream?: GatewayServiceOptions["tunnelUpstream"];
}

/** The HTTP gateway as a service. A reload replaces its routes and certificates. */
export class GatewayService implements Service {
  readonly #options: GatewayPartOptions;
  #gateway: Gateway | undefined;
  /** Undefined until a route needs it. */
  #cookieKey: string | undefined;
  #current: Pick<ConfiguredGateway, "certificates" | "served">;

  constructor(options: GatewayPartOptions) {
    this.#options = options;
    this.#current = options.configured;
  }

  /** For the status document; undefined before the start. */
  get report(): GatewayReport | undefined {
    return this.#gateway && gatewayReport(this.#gateway, this.#options.accessLogs);
  }

  async start(): Promise<void> {
    const { settings, configured, reports, accessLogs, tunnelUpstream } = this.#options;
    const { routes, certificates, served } = configured;
    this.#gateway = await startGateway({
      ...gatewayOptions(settings, certificates),
      ...reports,
      routes,
      accessLog: programAccessLog(settings),
      openAccessLog: accessLogs && ((options) => accessLogs.open(options)),
      secretFiles: served.secretFiles,
      tunnelUpstream,
      cookieKey: () => (this.#cookieKey ??= cookieKey(settings, reports.onWarning)),
    });
    reports.onState("listening", this.#gateway);
  }

  async reload(settings: Settings): Promise<PreparedReload> {
    const { routes, certificates, served, files, warnings } = await loadGateway(settings, this.#current);
    this.#options.accessLogs?.check(settings);
    const apply = (): Promise<{ summary: string; data: Record<string, unknown> }> => {
      // A new route must not serve a file that became secret with it.
      this.#gateway?.replaceSecretFiles(served.secretFiles);
      const changes = this.#gateway?.replaceRoutes(routes) ?? { added: [], changed: [], removed: [] };
      const before = this.#current.certificates;
      const hasTls = certificates.length > 0 && before.length > 0;
      if (hasTls) this.#gateway?.replaceCertificates(certificates);
      this.#current = { certificates: hasTls ? certificates : before, served };
      return Promise.resolve({ summary: routeChangesText(changes), data: { routes: changes } });
    };
    return { apply, files, warnings };
  }

  /** Resolves when requests in progress are done. */
  async stop(): Promise<void> {
    const gateway = this.#gateway;
    if (gateway === undefined) return;
    const { onState } = this.#options.reports;
    onState("draining", gateway);
    await gateway.stop();
    onState("stopped", gateway);
  }
}

function gatewayReport(gateway: Gateway, accessLogs: AccessLogs | undefined): GatewayReport {
  const { connections, routes, routeTraffic, targetTraffic } = gateway.figures();
  return {
    address: gateway.address,
    secure_address: gateway.secureAddress ?? null,
    connections,
    routes,
    targets: targetTraffic.map(({ label: target, ...traffic }) => ({ target, ...traffic })),
    access_log: accessLogs?.hasLogs === true ? accessLogs.figures : null,
    all_routes: routeTraffic.map(({ label: route, ...traffic }) => ({ route, ...traffic })),
  };
}

/** `routes: added /a; removed /b` */
export function routeChangesText({ added, changed, removed }: RouteChanges): string {
  const parts = Object.entries({ added, changed, removed }).filter(([, names]) => names.length > 0);
  if (parts.length === 0) return "no route changed";
  return `routes: ${parts.map(([action, names]) => `${action} ${names.join(", ")}`).join("; ")}`;
}

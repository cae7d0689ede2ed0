import type { Logger } from "pino";
import type { Certificate } from "@postern/net";
import { startServer, type Server } from "@postern/server";
import type { AccessLogs } from "../access-log/access-logs.js";
import { cookieKey as cookieKeyOf } from "../credentials/cookie-key.js";
import { loadServerCredentials, loginsText, type ServerCredentials } from "../credentials/server-credentials.js";
import type { Settings } from "../settings/configuration.js";
import { serverOptions } from "./configured-server.js";
import type { PreparedReload, Service } from "../service.js";

export interface ServerServiceOptions {
  settings: Settings;
  credentials: ServerCredentials;
  log: Logger;
  requestLog: Logger;
  /** Undefined: there are none. */
  accessLogs?: AccessLogs | undefined;
  onState: (state: "listening" | "draining" | "stopped", server: Server) => void;
}

/** The public server as a service. A reload replaces its keys, certificates and policies. */
export class ServerService implements Service {
  readonly #options: ServerServiceOptions;
  #server: Server | undefined;
  #cookieKey: string | undefined;
  #served: readonly Certificate[];

  constructor(options: ServerServiceOptions) {
    this.#options = options;
    this.#served = options.credentials.certificates.certificates;
  }

  /** The tunnels of a name as a target of a gateway in this process. Call it when the server runs. */
  upstream(name: string): ReturnType<Server["upstream"]> {
    if (this.#server === undefined) throw new Error("the server has not started");
    return this.#server.upstream(name);
  }

  async start(): Promise<void> {
    const { settings, credentials, log, requestLog, accessLogs, onState } = this.#options;
    const options = serverOptions(settings, credentials);
    const cookieKey = (): string => (this.#cookieKey ??= cookieKeyOf(settings, (text) => log.warn(text)));
    const accessLog = accessLogs?.program && { log: accessLogs.program, figures: () => accessLogs.figures };
    this.#server = await startServer({
      ...options,
      groups: { ...options.groups, cookieKey },
      log,
      requestLog,
      accessLog,
    });
    onState("listening", this.#server);
  }

  async reload(settings: Settings): Promise<PreparedReload> {
    const credentials = await loadServerCredentials(settings, this.#served);
    const { files, warnings } = credentials;
    const apply = (): Promise<{ summary: string }> => {
      if (this.#server !== undefined) replaceCredentials(this.#server, credentials);
      this.#served = credentials.certificates.certificates;
      return Promise.resolve({ summary: `accepted logins: ${loginsText(credentials)}` });
    };
    return { apply, files, warnings };
  }

  /** Resolves when requests in progress are done. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#options.onState("draining", server);
    await server.stop();
    this.#options.onState("stopped", server);
  }
}

function replaceCredentials(server: Server, { keys, certificates: loaded, policies }: ServerCredentials): void {
  const { certificates, clientCa } = loaded;
  if (certificates.length > 0 && server.hasTls) server.replaceCertificates(certificates, clientCa);
  server.replacePolicies(policies.policies);
  server.replaceApiKeys(keys.keys);
}

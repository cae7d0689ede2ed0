import type { InProcessService } from "@postern/client";
import { startGateway, type GatewayService, type GatewayServiceOptions } from "@postern/gateway/service";
import type { Connection } from "@postern/net";
import type { Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import { version } from "../version.js";
import { checkFolders, NO_FOLDERS } from "./folder-checks.js";
import { pathsOfConfiguration } from "./secret-paths.js";

export interface SharedFolderOptions {
  /** As the user wrote it. */
  name: string;
  /** Absolute. */
  path: string;
  /** List the files of folders without an index. */
  browse: boolean;
  /** The file for paths without a file. */
  fallback: string | undefined;
  env: NodeJS.ProcessEnv;
  reports: Pick<GatewayServiceOptions, "onTargetFailure" | "onFault">;
}

/** A folder that a tunnel shares: a gateway on the streams of the tunnel's sessions. It has no port. */
export class SharedFolder implements InProcessService, Service {
  readonly name: string;
  readonly #options: SharedFolderOptions;
  #checked = NO_FOLDERS;
  #secretFiles: ReadonlySet<string> = new Set();
  #gateway: GatewayService | undefined;

  constructor(options: SharedFolderOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * Checks the folder. What the settings name is never served from now on; what earlier settings named is not served
   * either, because they stay in use if a reload fails. Returns warnings. Throws as `checkFolders`.
   * @param files of the tunnel's credentials
   */
  async check(settings: Settings, files: readonly string[]): Promise<string[]> {
    const folder = { path: this.#options.path, origin: "default" };
    this.#checked = await checkFolders(settings, [folder], files, this.#checked);
    this.#secretFiles = new Set([...this.#secretFiles, ...this.#checked.secretFiles]);
    this.#gateway?.replaceSecretFiles([...this.#secretFiles]);
    return this.#checked.warnings;
  }

  async start(): Promise<void> {
    const { path: directory, browse, fallback, env, reports } = this.#options;
    const files = { directory, browse, ...(fallback === undefined ? {} : { fallback }) };
    this.#gateway = await startGateway({
      routes: [{ name: "/*", match: { path: "/*" }, action: { kind: "files", files, stripPrefix: false } }],
      secretFiles: [...this.#secretFiles],
      namedFiles: (file) => pathsOfConfiguration(file, env),
      serviceEndpoints: false,
      version: version(),
      ...reports,
    });
  }

  accept(connection: Connection): void {
    if (this.#gateway === undefined) connection.destroy();
    else this.#gateway.accept(connection);
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
  }
}

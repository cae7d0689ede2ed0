import type { InProcessService } from "@postern/client";
import {
  startGateway,
  type FilesOptions,
  type GatewayService,
  type GatewayServiceOptions,
} from "@postern/gateway/service";
import type { Connection } from "@postern/net";
import type { Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import { version } from "../version.js";
import { checkFolders, NO_FOLDERS, sharedFolder } from "./folder-checks.js";
import { pathsOfConfiguration } from "./secret-paths.js";

/** A folder as the local target of an endpoint. */
export interface FolderToShare {
  /** As it was written. */
  name: string;
  files: FilesOptions;
}

export interface SharedFolderOptions {
  env: NodeJS.ProcessEnv;
  reports: Pick<GatewayServiceOptions, "onTargetFailure" | "onFault">;
}

/** A folder that a tunnel shares: a gateway on the streams of the tunnel's sessions. It has no port. */
export class SharedFolder implements InProcessService, Service {
  readonly name: string;
  /** A reload compares these options. */
  readonly files: FilesOptions;
  readonly #options: SharedFolderOptions;
  #checked = NO_FOLDERS;
  #gateway: GatewayService | undefined;

  constructor({ name, files }: FolderToShare, options: SharedFolderOptions) {
    this.name = name;
    this.files = files;
    this.#options = options;
  }

  /**
   * Checks the folder. What the settings name is never served from now on; what earlier settings named is not served
   * either, because they stay in use if a reload fails. Returns warnings. Throws as `checkFolders`.
   * @param files of the tunnel's credentials
   */
  async check(settings: Settings, files: readonly string[]): Promise<string[]> {
    this.#checked = await checkFolders(settings, [sharedFolder(this.files)], files, this.#checked);
    this.#gateway?.replaceSecretFiles(this.#checked.secretFiles);
    return this.#checked.warnings;
  }

  /** Can be called twice. */
  async start(): Promise<void> {
    if (this.#gateway !== undefined) return;
    const { env, reports } = this.#options;
    this.#gateway = await startGateway({
      routes: [{ name: "/*", match: { path: "/*" }, action: { kind: "files", files: this.files, stripPrefix: false } }],
      secretFiles: this.#checked.secretFiles,
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

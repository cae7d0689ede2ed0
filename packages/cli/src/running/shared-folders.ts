import type { InProcessService } from "@postern/client";
import type { Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import { checkFolders, sharedFolder } from "./folder-checks.js";
import type { FolderToShare, SharedFolder, SharedFolderOptions } from "./shared-folder.js";

/**
 * Returns the service for a folder, and warnings. Throws as `checkFolders`.
 * @param files of the endpoint's credentials, which are never served
 */
export type ShareFolder = (
  folder: FolderToShare,
  settings: Settings,
  files: readonly string[],
) => Promise<{ local: InProcessService; warnings: string[] }>;

/** Checks the folder only: nothing is served. */
export const checkOnly: ShareFolder = async ({ name, files }, settings, secretFiles) => {
  const { warnings } = await checkFolders(settings, [sharedFolder(files)], secretFiles);
  return { local: { name, accept: (connection) => connection.destroy() }, warnings };
};

/** The folders that the endpoints of a process share. */
export class SharedFolders implements Service {
  readonly #options: SharedFolderOptions;
  /** By the content of their options. */
  readonly #folders = new Map<string, SharedFolder>();
  #isStarted = false;

  constructor(options: SharedFolderOptions) {
    this.#options = options;
  }

  readonly share: ShareFolder = async (folder, settings, files) => {
    const content = JSON.stringify(folder);
    let shared = this.#folders.get(content);
    if (shared === undefined) {
      // Imported only for a folder, because a tunnel to a service needs no gateway.
      const imported = await import("./shared-folder.js");
      shared = new imported.SharedFolder(folder, this.#options);
    }
    const warnings = await shared.check(settings, files);
    this.#folders.set(content, shared);
    if (this.#isStarted) await shared.start();
    return { local: shared, warnings };
  };

  async start(): Promise<void> {
    this.#isStarted = true;
    for (const folder of this.#folders.values()) await folder.start();
  }

  async stop(): Promise<void> {
    for (const folder of this.#folders.values()) await folder.stop();
  }
}

import { FileCache, FileRoot, SecretFiles, SharedDisk, type FilesOptions } from "../files/index.js";
import type { Labelled, LabelledTraffic } from "../records/labelled-traffic.js";
import { RequestRate } from "../records/request-rate.js";
import { contentOf } from "../content.js";
import { fileFaultReports } from "./file-fault-reports.js";
import type { GatewayServiceOptions } from "./service-options.js";

/** A served folder. */
export interface Folder {
  /** Its name in logs, status and metrics. */
  readonly name: string;
  readonly root: FileRoot;
  /** The traffic of its name. */
  readonly counted: Labelled;
  readonly rate: RequestRate;
  /** Requests in progress. */
  active: number;
}

interface Kept extends Folder {
  readonly content: string;
  readonly directory: string;
  /** Routes that use it. */
  users: number;
}

/** What a gateway needs for folders. */
export type FolderOptions = Pick<GatewayServiceOptions, "secretFiles" | "namedFiles" | "onTargetFailure">;

/**
 * The folders of all routes, by their content. Routes with the same folder and options share it, and a reload keeps it.
 * All folders share one cache, and the list of files that are never served.
 */
export class Folders {
  readonly #traffic: LabelledTraffic;
  readonly #onFailure: GatewayServiceOptions["onTargetFailure"];
  readonly #cache = new FileCache();
  readonly #disk = new SharedDisk();
  readonly #secrets: SecretFiles;
  readonly #byContent = new Map<string, Kept>();

  constructor({ secretFiles: paths = [], namedFiles, onTargetFailure }: FolderOptions, traffic: LabelledTraffic) {
    this.#traffic = traffic;
    this.#onFailure = onTargetFailure;
    this.#secrets = new SecretFiles({ paths, disk: this.#disk, ...(namedFiles && { namedFiles }) });
  }

  /** The folder with these options, until it is released. */
  use(options: FilesOptions): Folder {
    const content = contentOf(options);
    const known = this.#byContent.get(content);
    if (known !== undefined) {
      known.users++;
      return known;
    }
    const name = `files ${options.directory}`;
    const kept: Kept = {
      content,
      directory: options.directory,
      name,
      root: new FileRoot(options, this.#cache, this.#secrets, {
        disk: this.#disk,
        onFault: fileFaultReports(name, this.#onFailure),
      }),
      counted: this.#traffic.use({ target: name }),
      rate: new RequestRate(),
      active: 0,
      users: 1,
    };
    this.#byContent.set(content, kept);
    this.#search(kept);
    return kept;
  }

  /** Call it once for every use. */
  release(folder: Folder): void {
    const kept = folder as Kept;
    if (--kept.users > 0) return;
    this.#byContent.delete(kept.content);
    this.#traffic.release(kept.counted);
    kept.root.close();
  }

  /** From now on these files and folders are never served. Configurations in the folders are looked for again. */
  replaceSecrets(paths: readonly string[]): void {
    this.#secrets.replace(paths);
    for (const kept of this.#byContent.values()) this.#search(kept);
  }

  /** The gateway has stopped. */
  close(): void {
    this.#disk.close();
  }

  #search({ content, directory }: Kept): void {
    void this.#secrets.searchBelow(directory, () => this.#byContent.has(content));
  }
}

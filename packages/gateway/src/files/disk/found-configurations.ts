import { keepNewest } from "@postern/net";
import { stampOf } from "./file-stamp.js";
import type { FolderEntry } from "./file-system.js";
import type { SharedDisk } from "./shared-disk.js";

/** Names under which Postern and the older program look for their configuration. */
const NAMES = ["postern.toml", "app_config.toml"];
/** Folders of which it is known whether they contain a configuration. */
const MOST_FOLDERS = 1_000;
/** Bounds of a search of everything below a folder. */
const MOST_BELOW = 10_000;
const MOST_LEVELS = 8;
/** Paths that are kept of one configuration, with those that it named before it changed. */
const MOST_NAMED = 10_000;

/** Whether a path is that of a configuration, by its name. */
export function isConfiguration(path: string): boolean {
  return NAMES.includes(path.slice(path.lastIndexOf("/") + 1));
}

/** Reads a configuration file. @returns absolute paths of the files and folders that it names */
export type NamedFiles = (path: string) => Promise<readonly string[]>;

interface Configuration {
  readonly stamp: string;
  /** What it names, then what it named before: a former key may still be valid. */
  readonly named: readonly string[];
}

/**
 * Configuration files in served folders, which another process may use. A folder is searched when a file in it, or
 * below it, is opened; its subfolders only by `searchBelow`.
 */
export class FoundConfigurations {
  readonly #disk: SharedDisk;
  readonly #namedFiles: NamedFiles;
  /** Folders that were searched, and until when they are not searched again. */
  readonly #searched = new Map<string, number>();
  readonly #found = new Map<string, Configuration>();

  constructor(disk: SharedDisk, namedFiles: NamedFiles) {
    this.#disk = disk;
    this.#namedFiles = namedFiles;
  }

  /** The configuration files, and the paths that they name. */
  get paths(): string[] {
    return [...this.#found].flatMap(([path, { named }]) => [path, ...named]);
  }

  /**
   * Searches folders that were not searched recently. @param until when their result is no longer used
   * @returns whether `paths` changed
   */
  async search(folders: readonly string[], now: number, until: number): Promise<boolean> {
    let hasChanged = false;
    for (const folder of folders) {
      if (now < (this.#searched.get(folder) ?? -Infinity)) continue;
      for (const name of NAMES) if (await this.#look(`${folder}/${name}`)) hasChanged = true;
      this.#searched.delete(folder);
      this.#searched.set(folder, until);
      keepNewest(this.#searched, MOST_FOLDERS);
    }
    return hasChanged;
  }

  /**
   * Searches a folder and those below it, the upper ones first, one call to the disk at a time. Links are not followed.
   * @param top bytes in Latin-1
   * @param isWanted the search ends early when it is not
   * @param onChange called when `paths` changed
   */
  async searchBelow(top: string, isWanted: () => boolean, onChange: () => void): Promise<void> {
    let left = MOST_BELOW;
    let level = [top];
    for (let depth = 0; depth <= MOST_LEVELS && level.length > 0; depth++) {
      const below: string[] = [];
      for (const folder of level) {
        if (!isWanted()) return;
        const found: string[] = [];
        const visit = ({ name, kind }: FolderEntry): void => {
          if (NAMES.includes(name)) found.push(`${folder}/${name}`);
          if (kind === "folder" && left-- > 0) below.push(`${folder}/${name}`);
        };
        try {
          await this.#disk.of(folder).readFolder(Buffer.from(`${folder}/`, "latin1"), visit);
        } catch {
          // It is gone, or cannot be read.
        }
        for (const path of found) if (await this.#look(path)) onChange();
      }
      level = below;
    }
  }

  /** @param path bytes in Latin-1 */
  async #look(path: string): Promise<boolean> {
    const text = Buffer.from(path, "latin1").toString();
    let stamp;
    try {
      stamp = stampOf(await this.#disk.of(path).stat(Buffer.from(path, "latin1")));
    } catch (error) {
      // After another error, such as EIO, it may still be there.
      const { code } = error as NodeJS.ErrnoException;
      return (code === "ENOENT" || code === "ENOTDIR") && this.#found.delete(text);
    }
    const known = this.#found.get(text);
    if (known?.stamp === stamp) return false;
    const named = new Set([...(await this.#namedFiles(text)), ...(known?.named ?? [])]);
    this.#found.set(text, { stamp, named: [...named].slice(0, MOST_NAMED) });
    return true;
  }
}

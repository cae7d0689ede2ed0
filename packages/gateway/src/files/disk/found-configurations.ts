import { keepNewest } from "@postern/net";
import { stampOf } from "./file-stamp.js";
import type { FolderEntry } from "./file-system.js";
import { foldersOf, isBelow } from "./real-path.js";
import type { SharedDisk } from "./shared-disk.js";

/** Names under which Postern and the older program look for their configuration. */
const NAMES = ["postern.toml", "app_config.toml"];
/** How long a folder is not searched again, in milliseconds. */
const FRESH = 1_000;
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
  /** Folders that were searched with those above them up to a root, by root, and until when. */
  readonly #fresh = new Map<string, Map<string, number>>();
  readonly #found = new Map<string, Configuration>();

  constructor(disk: SharedDisk, namedFiles: NamedFiles) {
    this.#disk = disk;
    this.#namedFiles = namedFiles;
  }

  /** The configuration files, and the paths that they name. */
  get paths(): string[] {
    return [...this.#found].flatMap(([path, { named }]) => [path, ...named]);
  }

  /** Whether a folder, and those above it up to `root`, were searched recently. */
  isFresh(folder: string, root: string, now: number): boolean {
    return now < (this.#fresh.get(root)?.get(folder) ?? -Infinity);
  }

  /**
   * Searches a folder, and those above it up to `root`, unless they were searched recently.
   * @returns whether `paths` changed
   */
  async search(folder: string, root: string, now: () => number): Promise<boolean> {
    let hasChanged = false;
    let fresh = Infinity;
    for (const each of isBelow(folder, root) ? foldersOf(folder, root) : [folder]) {
      let until = this.#searched.get(each) ?? -Infinity;
      if (now() >= until) {
        for (const name of NAMES) if (await this.#look(`${each}/${name}`)) hasChanged = true;
        until = now() + FRESH;
        put(this.#searched, each, until);
      }
      fresh = Math.min(fresh, until);
    }
    const ofRoot = this.#fresh.get(root) ?? new Map<string, number>();
    put(this.#fresh, root, ofRoot);
    put(ofRoot, folder, fresh);
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

/** A member stays where it is: a Map that loses and gains members leaves tables that V8 collects late. */
function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  keepNewest(map, MOST_FOLDERS);
}

import type { FolderEntry } from "./file-system.js";
import type { SharedDisk } from "./shared-disk.js";

/** Files of secret folders that are looked at, and levels of folders. */
const MOST_FILES = 4_096;
const MOST_LEVELS = 8;

/** A folder of which nothing is served. */
export interface SecretFolder {
  /** Bytes in Latin-1, without links. */
  readonly realPath: string;
  readonly dev: bigint;
}

export interface LinkedFile {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly nlink: bigint;
}

/**
 * The files of secret folders that have another name elsewhere (hard links). They are looked for when somebody asks for
 * a file with several names on the device of such a folder.
 */
export class LinkedSecrets {
  readonly #disk: SharedDisk;
  #folders: readonly SecretFolder[] = [];
  /** `device:inode` of files with several names; undefined: not read. */
  #identities: Promise<Set<string>> | undefined;

  constructor(disk: SharedDisk) {
    this.#disk = disk;
  }

  /** From now on the files of these folders are secret. They are read again when they are next needed. */
  replace(folders: readonly SecretFolder[]): void {
    this.#folders = folders;
    this.#identities = undefined;
  }

  /** Whether a file has several names on the device of a secret folder. */
  mayHave({ dev, nlink }: LinkedFile): boolean {
    return nlink >= 2n && this.#folders.some((folder) => folder.dev === dev);
  }

  /** Whether a file is also in a secret folder. */
  async has(file: LinkedFile): Promise<boolean> {
    if (!this.mayHave(file)) return false;
    const { dev, ino } = file;
    this.#identities ??= this.#read();
    return (await this.#identities).has(`${dev}:${ino}`);
  }

  async #read(): Promise<Set<string>> {
    const found = new Set<string>();
    let left = MOST_FILES;
    let level = this.#folders.map(({ realPath }) => realPath);
    for (let depth = 0; depth <= MOST_LEVELS && level.length > 0; depth++) {
      const below: string[] = [];
      for (const folder of level) {
        const files: string[] = [];
        const visit = ({ name, kind }: FolderEntry): void => {
          if (left <= 0) return;
          if (kind === "file" || kind === "folder") left--;
          if (kind === "file") files.push(`${folder}/${name}`);
          if (kind === "folder") below.push(`${folder}/${name}`);
        };
        // A folder that is gone or cannot be read has no names to look for.
        await this.#disk
          .of(folder)
          .readFolder(Buffer.from(`${folder}/`, "latin1"), visit)
          .catch(() => {});
        for (const file of files) await this.#add(file, found);
      }
      level = below;
    }
    return found;
  }

  async #add(file: string, found: Set<string>): Promise<void> {
    const stats = await this.#disk
      .of(file)
      .stat(Buffer.from(file, "latin1"))
      .catch(() => undefined);
    if (stats !== undefined && stats.nlink > 1n) found.add(`${stats.dev}:${stats.ino}`);
  }
}

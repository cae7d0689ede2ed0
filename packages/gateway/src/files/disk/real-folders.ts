import { keepNewest } from "@postern/net";
import type { FileSystem } from "./file-system.js";
import { isBelow, slashed } from "./real-path.js";

/** How long a path is used, in milliseconds. */
const FRESH = 1_000;
/** Folders whose paths are kept. */
const MOST_FOLDERS = 1_000;

export interface RealFoldersOptions {
  /** The path on the disk of a path in the root. */
  readonly pathOf: (path: string) => Buffer;
  /** The path of the root without links. */
  readonly rootPath: () => Promise<string>;
  readonly disk: Pick<FileSystem, "realpath">;
  /** Whether links may lead out of the root. */
  readonly followLinks: boolean;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

interface Known {
  readonly realPath: Promise<string>;
  readonly until: number;
}

/**
 * Where the folders of a root are, without links. A folder above a file may be replaced by a link while the file, its
 * stamp and the time of its last change stay the same. Its folder is therefore asked for once a second, for all files
 * in it. The file itself cannot be replaced by a link without such a change.
 */
export class RealFolders {
  readonly #options: RealFoldersOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: RealFoldersOptions) {
    this.#options = options;
  }

  /** Whether `path` in the root still leads to `realPath`, and that is still inside. */
  async stillLeadsTo(path: string, realPath: string): Promise<boolean> {
    try {
      const slash = path.lastIndexOf("/");
      const folder = await this.#of(path.slice(0, slash + 1));
      // The file was a link when it was opened.
      const isLink = `${folder}${path.slice(slash)}` !== realPath;
      if (isLink && (await this.#read(path)) !== realPath) return false;
      return this.#options.followLinks || isBelow(realPath, await this.#options.rootPath());
    } catch {
      // The folder or the file is gone. Opening it reports the reason.
      return false;
    }
  }

  /** The path of a folder, without a slash at its end. */
  #of(folder: string): Promise<string> {
    const now = this.#options.now();
    const known = this.#known.get(folder);
    if (known !== undefined && now < known.until) return known.realPath;
    const realPath = this.#read(folder);
    this.#known.delete(folder);
    this.#known.set(folder, { realPath, until: now + FRESH });
    keepNewest(this.#known, MOST_FOLDERS);
    realPath.catch(() => this.#known.delete(folder));
    return realPath;
  }

  async #read(path: string): Promise<string> {
    const { disk, pathOf } = this.#options;
    return slashed(await disk.realpath(pathOf(path))).replace(/\/$/, "");
  }
}

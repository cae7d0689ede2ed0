import { readFile } from "node:fs/promises";
import { keepNewest } from "@postern/net";
import { MountTable } from "./mount-table.js";
import { foldersOf } from "./real-path.js";

/** Reads /proc/self/mountinfo, bytes in Latin-1. */
export type ReadMounts = () => Promise<string>;

interface Folder {
  readonly place: string | undefined;
  /** Whether it, or a folder above it, is secret. */
  readonly isSecret: boolean;
}

const MOST_FOLDERS = 1_000;
const MOUNTS = "/proc/self/mountinfo";

/** The places of secret files and folders in their file systems, so that they are known under each mount. */
export class SecretPlaces {
  readonly #readMounts: ReadMounts;
  #text = "";
  #table = new MountTable("");
  #places = new Set<string>();
  /** Folders of files that were asked for. */
  readonly #folders = new Map<string, Folder>();

  /** @param readMounts default: of this machine */
  constructor(readMounts: ReadMounts = () => readFile(MOUNTS, "latin1")) {
    this.#readMounts = readMounts;
  }

  /** From now on these paths are secret. @param realPaths without links */
  async replace(realPaths: Iterable<string>): Promise<void> {
    // Other systems have no such file, and mount a folder in one place only.
    const text = await this.#readMounts().catch(() => "");
    if (text !== this.#text) this.#table = new MountTable(text);
    this.#text = text;
    this.#places = new Set();
    this.#folders.clear();
    for (const path of realPaths) {
      const place = this.#table.placeOf(path);
      if (place !== undefined) this.#places.add(place);
    }
  }

  /** Whether a file, or a folder above it, is secret. */
  has(realPath: string): boolean {
    if (this.#places.size === 0) return false;
    if (this.#table.isMountPoint(realPath)) return this.#isSecret(this.#table.placeOf(realPath));
    const slash = realPath.lastIndexOf("/");
    const { place, isSecret } = this.#folder(realPath.slice(0, slash));
    return isSecret || (place !== undefined && this.#places.has(place + realPath.slice(slash)));
  }

  #folder(realPath: string): Folder {
    let folder = this.#folders.get(realPath);
    if (folder === undefined) {
      const place = this.#table.placeOf(realPath);
      folder = { place, isSecret: this.#isSecret(place) };
      this.#folders.set(realPath, folder);
      keepNewest(this.#folders, MOST_FOLDERS);
    }
    return folder;
  }

  #isSecret(place: string | undefined): boolean {
    return place !== undefined && foldersOf(place, "").some((path) => this.#places.has(path));
  }
}

import { readFile } from "node:fs/promises";
import { MountTable } from "./mount-table.js";
import { foldersOf } from "./real-path.js";

/** Reads /proc/self/mountinfo, bytes in Latin-1. */
export type ReadMounts = () => Promise<string>;

const MOUNTS = "/proc/self/mountinfo";

/** The places of secret files and folders in their file systems, so that they are known under each mount. */
export class SecretPlaces {
  readonly #readMounts: ReadMounts;
  #text = "";
  #table = new MountTable("");
  #places = new Set<string>();

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
    for (const path of realPaths) {
      const place = this.#table.placeOf(path);
      if (place !== undefined) this.#places.add(place);
    }
  }

  /** Whether a file, or a folder above it, is secret. */
  has(realPath: string): boolean {
    const place = this.#places.size === 0 ? undefined : this.#table.placeOf(realPath);
    return place !== undefined && foldersOf(place, "").some((path) => this.#places.has(path));
  }
}

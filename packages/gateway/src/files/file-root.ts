import { randomInt } from "node:crypto";
import { hashOf } from "../hash.js";
import { cacheControlOf } from "./cache-rule.js";
import { CODINGS, type ContentCoding } from "./selection/content-coding.js";
import { FILE_LIMITS, type FileCache } from "./disk/file-cache.js";
import { hasContentTypes, loadContentTypes } from "./content-type.js";
import { FileContent, type ContentOwner } from "./disk/file-content.js";
import { filePath, isHidden } from "./file-path.js";
import { isMissing, type NoEntry } from "./disk/open-entry.js";
import type { PacedDisk } from "./disk/paced-disk.js";
import type { LookedUp } from "./disk/look-up-thread.js";
import type { Piece } from "./disk/slabs.js";
import { Slots } from "./slots.js";
import type { FileFault, FilesOptions } from "./files-options.js";
import type { Found, FoundFile } from "./found.js";
import { FRESH, KnownPaths } from "./known-paths.js";
import { FolderListing, LISTING_LIMITS } from "./listing/folder-listing.js";
import { LISTINGS, type KeptListings } from "./listing/kept-listings.js";
import { PathLookUp, PathLookUps, type LookUpRoot, type LookUpWaiter } from "./path-look-ups.js";
import { SharedWork } from "./shared-work.js";
import { Representation, type Twins } from "./representation.js";
import { readContent } from "./disk/read-content.js";
import { slashed } from "./disk/real-path.js";
import { RootFolder } from "./disk/root-folder.js";
import type { SecretFiles } from "./disk/secret-files.js";
import { SharedDisk } from "./disk/shared-disk.js";

export interface FileRootDependencies {
  /** That of all folders of the gateway. Default: one of its own. */
  readonly disk?: SharedDisk;
  /** Called with faults of the disk, at most once a second. */
  readonly onFault?: (fault: FileFault) => void;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** Default: shared by all folders. */
  readonly listings?: KeptListings;
  /** Monotonic time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

const MONOTONIC = (): number => performance.now();
/** A large file that changed within this time, in milliseconds, may be growing, although nobody has seen it grow. */
const GROWING = 10_000;
/** Paths that are looked up at the same time. Each may need a descriptor. */
const MOST_LOADS = 64;

/** Serves the files of one folder: finds the file of a path, and keeps its content in the cache. */
export class FileRoot implements ContentOwner, LookUpRoot {
  readonly directory: string;
  /** The path of the page for missing paths that accept HTML; undefined: there is none. */
  readonly fallback: string | undefined;
  /** The path of the page with status 404; undefined: that of the gateway. */
  readonly notFoundPage: string | undefined;
  readonly #options: FilesOptions;
  readonly #index: readonly string[];
  readonly #cache: FileCache;
  readonly #secrets: SecretFiles;
  readonly #sharedDisk: SharedDisk;
  readonly #disk: PacedDisk;
  readonly #folder: RootFolder;
  readonly #onFault: (fault: FileFault) => void;
  readonly #wallClock: () => number;
  readonly #now: () => number;
  readonly #known: KnownPaths;
  readonly #lookUps = new PathLookUps();
  /** Of the hashes of paths. */
  readonly #seed = randomInt(2 ** 32);
  /** By the path of the file: look-ups of several paths can lead to the same one. */
  readonly #reads = new SharedWork<string, FoundFile>();
  readonly #twins = new SharedWork<Representation, Twins>();
  readonly #slots = new Slots(MOST_LOADS, FILE_LIMITS.waiting);
  #isClosed = false;
  #faultAt = -Infinity;
  #folderCheckedAt = -Infinity;

  constructor(options: FilesOptions, cache: FileCache, secrets: SecretFiles, dependencies: FileRootDependencies = {}) {
    const { disk = new SharedDisk(), onFault = (): void => {}, now = MONOTONIC, wallClock = Date.now } = dependencies;
    this.directory = options.directory;
    this.fallback = inRoot(options.fallback);
    this.notFoundPage = inRoot(options.notFoundPage);
    this.#options = options;
    this.#index = options.index ?? ["index.html"];
    this.#cache = cache;
    this.#secrets = secrets;
    this.#sharedDisk = disk;
    this.#disk = disk.add(slashed(Buffer.from(options.directory)).replace(/\/+$/, ""));
    const { followLinks = false } = options;
    this.#folder = new RootFolder(this.#disk, { followLinks, secrets, slabs: cache.slabs, now });
    this.#onFault = onFault;
    this.#wallClock = wallClock;
    this.#known = new KnownPaths(this.#index, dependencies.listings ?? LISTINGS);
    this.#now = now;
  }

  /**
   * What is at the path of a request, if that is known.
   * @param now monotonic time in milliseconds
   */
  find(path: string, now: number): Found | undefined {
    const found = this.#known.find(path, now, this.#secrets.version);
    if (found instanceof Representation) this.#cache.touch(found.content);
    return found;
  }

  /** As `lookUp`. It does not reject. A content that is found may have been given back already. */
  load(path: string): Promise<Found> {
    return new Promise((resolve) => this.lookUp(path, { onFound: (_, found) => resolve(found) }));
  }

  /** Looks up what is at a path. `waiter` gets it later, and never within this call. */
  lookUp(path: string, waiter: LookUpWaiter): PathLookUp {
    const secrets = this.#secrets.version;
    const hash = hashOf(path, this.#seed);
    const running = this.#lookUps.find(path, hash, secrets);
    const lookUp = running ?? new PathLookUp(this, path, hash, secrets);
    lookUp.add(waiter);
    if (running !== undefined) return running;
    if (this.#slots.take(lookUp)) this.#lookUps.add(lookUp);
    else queueMicrotask(() => lookUp.end("failed"));
    return lookUp;
  }

  /** @internal */
  begin(lookUp: PathLookUp): void {
    if (!this.#beginAtOnce(lookUp)) this.#lookUpInSteps(lookUp);
  }

  /** Most look-ups in a large folder are of small files. They need few steps. */
  #beginAtOnce(lookUp: PathLookUp): boolean {
    const { path } = lookUp;
    if (path.endsWith("/") || this.#isHidden(path) || !hasContentTypes()) return false;
    const known = this.#known.files.get(path);
    if (known !== undefined && !this.#isReusable(known)) return false;
    lookUp.known = known;
    lookUp.at = this.#wallClock();
    return this.#folder.beginLookUp(path, known?.content.stamp, lookUp);
  }

  /**
   * @internal A file that is looked up for the first time is sent, but not kept: in a large folder, most files are not
   * wanted again for a long time, and they would take the place of those that are.
   */
  takeRoom(lookUp: PathLookUp, size: number): Piece {
    lookUp.isKept = lookUp.known !== undefined || this.#cache.admits(lookUp.hash);
    return this.#cache.slabs.take(size, lookUp.isKept);
  }

  /** @internal */
  onLookedUp(lookUp: PathLookUp, found: LookedUp | NoEntry | undefined): void {
    const opened = this.#folder.accept(lookUp.path, found);
    if (opened instanceof Promise) void opened.then((file) => this.#onOpened(lookUp, file));
    else this.#onOpened(lookUp, opened);
  }

  /** @param opened undefined: it has to be looked up in steps */
  #onOpened(lookUp: PathLookUp, opened: LookedUp | undefined): void {
    const { path, secrets } = lookUp;
    const file = opened && this.#fileOf(lookUp, opened);
    if (file === undefined) return this.#lookUpInSteps(lookUp);
    const { content } = file;
    const isPassing = opened?.piece !== undefined && !lookUp.isKept;
    if (!isPassing) this.#known.keep(path, file, this.#now(), secrets);
    this.#end(lookUp, file);
    if (isPassing) content.release(true);
  }

  /** @returns undefined if it has to be looked up in steps */
  #fileOf({ path, known, at, isKept }: PathLookUp, opened: LookedUp): Representation | undefined {
    const { piece, realPath } = opened;
    if (piece === undefined) {
      const isSame =
        known !== undefined && this.#known.files.get(path) === known && known.content.realPath === realPath;
      return isSame ? this.#renewed(known) : undefined;
    }
    const content = new FileContent(this, path, opened, { piece, slabs: this.#cache.slabs }, this.#disk);
    if (isKept) return this.#add(content, at);
    content.pass();
    return this.#represent(content, path, at);
  }

  #lookUpInSteps(lookUp: PathLookUp): void {
    void this.#loadInSteps(lookUp).then((found) => this.#end(lookUp, found));
  }

  async #loadInSteps({ path, secrets }: PathLookUp): Promise<Found> {
    const found = await this.#lookSafely(path);
    // Counted from its arrival: on a slow disk it would be too old to be kept, and the disk would get more to do.
    const now = this.#now();
    if (found === "missing") this.#checkFolder(now);
    // A file that grows is sent as it is now, not as it was a second ago.
    const isGrowing = found instanceof Representation && found.content.mayGrow;
    if (!isGrowing) this.#known.keep(path, found, now, secrets);
    return found;
  }

  #end(lookUp: PathLookUp, found: Found): void {
    this.#lookUps.remove(lookUp);
    this.#slots.give();
    lookUp.end(found);
  }

  /** A twin is used. The file itself is looked up for each of its twins, and stays in the cache with them. */
  touch({ content }: Representation): void {
    this.#cache.touch(content);
  }

  /** The twins of a file, if they are known. */
  twinsOf({ twins }: Representation, now: number): Twins | undefined {
    if (twins === undefined || now >= twins.until || twins.secrets !== this.#secrets.version) return undefined;
    return twins.all.some((twin) => twin?.content.isCurrent === false) ? undefined : twins.all;
  }

  /** Looks up the twins of a file. It does not reject. */
  loadTwins(file: Representation): Promise<Twins> {
    const secrets = this.#secrets.version;
    return this.#twins.run(file, secrets, () => this.#lookForTwins(file, secrets));
  }

  async #lookForTwins(file: Representation, secrets: number): Promise<Twins> {
    const { path } = file.content;
    const before = file.twins?.all ?? [];
    let isKnown = true;
    const all = await Promise.all(
      CODINGS.map(async (coding, index) => {
        const found = await this.#inTurn(() => this.#lookSafely(path + coding.suffix), "too many wait");
        if (found === "too many wait") isKnown = false;
        if (!(found instanceof Representation)) return undefined;
        const known = before[index];
        const isSame = known?.content === found.content && known.at === found.at;
        return isSame ? known : this.#represent(found.content, path, found.at, coding);
      }),
    );
    if (isKnown) file.twins = { all, until: this.#now() + FRESH, secrets };
    return all;
  }

  forget(content: FileContent): void {
    this.#known.forget(content);
  }

  /** Nothing is served any more. Responses in progress continue. */
  close(): void {
    this.#isClosed = true;
    for (const { content } of this.#known.files.values()) this.#drop(content);
    this.#known.clear();
    this.#sharedDisk.remove(this.#disk);
  }

  /** Limits the descriptors that are open at the same time, and the look-ups that wait for a disk that is stuck. */
  #inTurn<Overflow>(look: () => Promise<Found>, overflow: Overflow): Promise<Found | Overflow> {
    return new Promise((resolve) => {
      const begin = (): void => {
        void look().then((found) => {
          this.#slots.give();
          resolve(found);
        });
      };
      if (!this.#slots.take({ begin })) resolve(overflow);
    });
  }

  /** Reports that the folder itself is missing, which is rarely intended. */
  #checkFolder(now: number): void {
    if (now < this.#folderCheckedAt + FRESH) return;
    this.#folderCheckedAt = now;
    void this.#folder.stat("/").then(
      (stats) => stats?.isDirectory() === true || this.#onFault({ path: this.directory, code: "ENOENT" }),
      (error: unknown) => this.#fault("/", error),
    );
  }

  async #lookSafely(path: string): Promise<Found> {
    try {
      return await this.#look(path);
    } catch (error) {
      return this.#fault(path, error);
    }
  }

  async #look(path: string): Promise<Found> {
    if (this.#isHidden(path)) return "missing";
    if (!path.endsWith("/")) return this.#read(path);
    for (const name of this.#index) {
      const found = await this.#read(path + name);
      if (typeof found !== "string") return found;
    }
    return this.#options.browse === true ? this.#list(path) : "missing";
  }

  #isHidden(path: string): boolean {
    return this.#options.dotfiles !== true && isHidden(path);
  }

  async #list(path: string): Promise<Found> {
    const entries = await this.#folder.list(path, LISTING_LIMITS.entries + 1);
    if (entries === undefined) return "missing";
    const isCut = entries.length > LISTING_LIMITS.entries;
    if (isCut) entries.pop();
    const showsDots = this.#options.dotfiles === true;
    const visible = entries.filter(({ name, kind }) => {
      const isShown = showsDots || !name.startsWith(".") || !isHidden(`${path}${name}/`);
      return isShown && kind !== "special";
    });
    return new FolderListing(visible, {
      hasParent: path !== "/",
      isCut,
      describe: (entry) => this.#folder.describe(path, entry),
    });
  }

  #read(path: string): Promise<FoundFile> {
    return this.#reads.run(path, this.#secrets.version, () => this.#readNow(path));
  }

  async #readNow(path: string): Promise<FoundFile> {
    const known = this.#known.files.get(path);
    if (known !== undefined) {
      if (this.#isReusable(known) && (await this.#folder.leadsTo(path, known.content))) return this.#renewed(known);
      this.#drop(known.content);
    }
    const at = this.#wallClock();
    const opened = await this.#folder.open(path);
    if (typeof opened === "string") return opened;
    const content = await readContent(this, path, opened, this.#disk, this.#cache.slabs);
    await loadContentTypes();
    content.hasGrown = known !== undefined && content.isGrownFrom(known.content);
    return this.#add(content, at);
  }

  /** @param at when its reading began, in milliseconds since 1970 */
  #add(content: FileContent, at: number): Representation {
    const { path } = content;
    const file = this.#represent(content, path, at);
    this.#noteGrowth(content);
    const other = this.#known.files.get(path);
    if (other !== undefined) this.#drop(other.content);
    this.#known.files.set(path, file);
    this.#cache.add(content);
    if (this.#isClosed) this.#drop(content);
    return file;
  }

  #represent(content: FileContent, path: string, at: number, coding?: ContentCoding): Representation {
    const { cacheControl = "no-cache", immutable = false } = this.#options;
    const options = { path, at, cacheControl: cacheControlOf(path, cacheControl, immutable) };
    return new Representation(content, coding === undefined ? options : { ...options, coding });
  }

  /** A file that was young gets its strong tag later. */
  #renewed(known: Representation): Representation {
    const { content } = known;
    this.#noteGrowth(content);
    if (!known.isWeak) return known;
    const renewed = this.#represent(content, content.path, this.#wallClock());
    this.#known.files.set(content.path, renewed);
    return renewed;
  }

  /** Whether a file in the cache is used if its stamp is still the same. */
  #isReusable(known: Representation): boolean {
    const { bytes, size } = known.content;
    // It is read from its descriptor only because there was no memory for it.
    const belongsInMemory = bytes === undefined && size <= this.#cache.slabs.largest(FILE_LIMITS.cachedFile);
    return !mayDiffer(known) && !belongsInMemory;
  }

  #noteGrowth(content: FileContent): void {
    const isRecent = this.#wallClock() - content.changed < GROWING;
    content.mayGrow = content.bytes === undefined && (content.hasGrown || isRecent);
  }

  #drop(content: FileContent): void {
    this.forget(content);
    this.#cache.drop(content);
  }

  #fault(path: string, error: unknown): "missing" | "failed" {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (isMissing(error)) return "missing";
    if (code === "EMFILE" || code === "ENFILE") this.#cache.closeDescriptors();
    const now = this.#now();
    if (now - this.#faultAt >= FRESH) {
      this.#faultAt = now;
      this.#onFault({ path: this.#folder.pathOf(path).toString(), code });
    }
    return code === "EACCES" || code === "EPERM" ? "missing" : "failed";
  }
}

/** Whether the file can have another content by now although its stamp is the same. Larger files are not in memory. */
function mayDiffer({ isWeak, content }: Representation): boolean {
  return isWeak && content.bytes !== undefined;
}

/** The path of a page in the root, which may be written without its slash. */
function inRoot(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return filePath(encodeURI(`/${path.replace(/^\/+/, "")}`));
}

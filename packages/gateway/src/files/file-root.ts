import { keepNewest } from "@postern/net";
import { cacheControlOf } from "./cache-rule.js";
import { CODINGS, type ContentCoding } from "./selection/content-coding.js";
import { FILE_LIMITS, type FileCache } from "./disk/file-cache.js";
import { hasContentTypes, loadContentTypes } from "./content-type.js";
import { FileContent, type ContentOwner } from "./disk/file-content.js";
import { filePath, isHidden } from "./file-path.js";
import { isMissing } from "./disk/open-entry.js";
import type { PacedDisk } from "./disk/paced-disk.js";
import { Slots } from "./disk/slots.js";
import type { FileFault, FilesOptions } from "./files-options.js";
import { FolderListing, LISTING_LIMITS } from "./listing/folder-listing.js";
import { LISTINGS, type KeptListings } from "./listing/kept-listings.js";
import { SharedWork } from "./shared-work.js";
import { Representation, type Twins } from "./representation.js";
import { readContent } from "./disk/read-content.js";
import { slashed } from "./disk/real-path.js";
import { RootFolder } from "./disk/root-folder.js";
import type { SecretFiles } from "./disk/secret-files.js";
import { SharedDisk } from "./disk/shared-disk.js";

/** What is at a path. `folder`: the path of a folder without its slash; `failed`: the disk failed. */
export type Found = Representation | FolderListing | "folder" | "missing" | "failed";

type FoundFile = Exclude<Found, FolderListing>;

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
/** How long it is not checked whether a file has changed, in milliseconds. */
const FRESH = 1_000;
/** A large file that changed within this time, in milliseconds, may be growing, although nobody has seen it grow. */
const GROWING = 10_000;
/** Paths that are looked up at the same time. Each may need a descriptor. */
const MOST_LOADS = 64;
/** Answers about paths without a file that are kept. */
const MOST_ANSWERS = 1_000;
/** The longest path with such an answer, in characters. */
const LONGEST_ANSWERED = 512;

interface Answer {
  readonly found: Found;
  readonly until: number;
  /** The secrets that were known. */
  readonly secrets: number;
}

/** Serves the files of one folder: finds the file of a path, and keeps its content in the cache. */
export class FileRoot implements ContentOwner {
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
  readonly #listings: KeptListings;
  readonly #now: () => number;
  /** Files in the cache, by the path of the file. */
  readonly #files = new Map<string, Representation>();
  /** What was found at a path, and until when it is not looked up again. */
  readonly #answers = new Map<string, Answer>();
  readonly #loads = new SharedWork<string, Found>();
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
    this.#listings = dependencies.listings ?? LISTINGS;
    this.#now = now;
  }

  /**
   * What is at the path of a request, if that is known.
   * @param now monotonic time in milliseconds
   */
  find(path: string, now: number): Found | undefined {
    const answer = this.#answers.get(path);
    if (answer === undefined || now >= answer.until || answer.secrets !== this.#secrets.version) return undefined;
    if (answer.found instanceof Representation) {
      const { content } = answer.found;
      if (!content.isCurrent) return undefined;
      this.#cache.touch(content);
    }
    return answer.found;
  }

  /** Looks up what is at a path. It does not reject. */
  load(path: string): Promise<Found> {
    const secrets = this.#secrets.version;
    const look = (): Promise<Found> => this.#loadAtOnce(path, secrets) ?? this.#loadInSteps(path, secrets);
    return this.#loads.run(path, secrets, () => this.#inTurn(look, "failed"));
  }

  /** Most look-ups in a large folder are of small files that are not in memory. They need few steps. */
  #loadAtOnce(path: string, secrets: number): Promise<Found> | undefined {
    if (path.endsWith("/") || this.#files.has(path) || this.#isHidden(path) || !hasContentTypes()) return undefined;
    const at = this.#wallClock();
    return this.#folder
      .openAtOnce(path)
      ?.then((opened) => {
        if (opened?.piece === undefined) return this.#loadInSteps(path, secrets);
        const memory = { piece: opened.piece, slabs: this.#cache.slabs };
        const found = this.#add(new FileContent(this, path, opened, memory, this.#disk), at);
        this.#keep(path, { found, until: this.#now() + FRESH, secrets });
        return found;
      })
      .catch(() => this.#loadInSteps(path, secrets));
  }

  async #loadInSteps(path: string, secrets: number): Promise<Found> {
    const found = await this.#lookSafely(path);
    // Counted from its arrival: on a slow disk it would be too old to be kept, and the disk would get more to do.
    const now = this.#now();
    if (found === "missing") this.#checkFolder(now);
    // A file that grows is sent as it is now, not as it was a second ago.
    const isGrowing = found instanceof Representation && found.content.mayGrow;
    if (!isGrowing) this.#keep(path, { found, until: now + FRESH, secrets });
    return found;
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
    const { path } = content;
    // Another version may have taken its place.
    if (this.#files.get(path)?.content === content) this.#files.delete(path);
    this.#answers.delete(path);
    if (this.#index.some((name) => path.endsWith(name))) this.#answers.delete(path.slice(0, path.lastIndexOf("/") + 1));
    const coding = CODINGS.find(({ suffix }) => path.endsWith(suffix));
    const original = coding && this.#files.get(path.slice(0, -coding.suffix.length));
    if (original !== undefined) original.twins = undefined;
  }

  /** Nothing is served any more. Responses in progress continue. */
  close(): void {
    this.#isClosed = true;
    for (const { content } of this.#files.values()) this.#drop(content);
    this.#answers.clear();
    this.#sharedDisk.remove(this.#disk);
  }

  /** Limits the descriptors that are open at the same time, and the look-ups that wait for a disk that is stuck. */
  #inTurn<Overflow>(look: () => Promise<Found>, overflow: Overflow): Promise<Found | Overflow> {
    return new Promise((resolve) => {
      const isWaiting = this.#slots.take(() => {
        void look().then((found) => {
          this.#slots.give();
          resolve(found);
        });
      });
      if (!isWaiting) resolve(overflow);
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
    const known = this.#files.get(path);
    if (known !== undefined) {
      const isUsable = !mayDiffer(known) && !this.#belongsInMemory(known.content);
      if (isUsable && (await this.#folder.leadsTo(path, known.content))) return this.#renewed(known);
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
    const other = this.#files.get(path);
    if (other !== undefined) this.#drop(other.content);
    this.#files.set(path, file);
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
    this.#files.set(content.path, renewed);
    return renewed;
  }

  /** Whether a file is read from its descriptor only because there was no memory for it. */
  #belongsInMemory({ bytes, size }: FileContent): boolean {
    return bytes === undefined && size <= this.#cache.slabs.largest(FILE_LIMITS.cachedFile);
  }

  #noteGrowth(content: FileContent): void {
    const isRecent = this.#wallClock() - content.changed < GROWING;
    content.mayGrow = content.bytes === undefined && (content.hasGrown || isRecent);
  }

  #drop(content: FileContent): void {
    this.forget(content);
    this.#cache.drop(content);
  }

  #keep(path: string, answer: Answer): void {
    if (path.length > LONGEST_ANSWERED) return;
    const answers = this.#answers;
    const forget = (): void => {
      if (answers.get(path) === answer) answers.delete(path);
    };
    if (answer.found instanceof FolderListing && !this.#listings.keep(answer.found, FRESH, forget)) return;
    answers.delete(path);
    answers.set(path, answer);
    keepNewest(answers, MOST_ANSWERS);
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

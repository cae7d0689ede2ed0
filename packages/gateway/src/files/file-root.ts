import { cacheControlOf } from "./cache-rule.js";
import { CODINGS, type ContentCoding } from "./selection/content-coding.js";
import type { FileCache } from "./disk/file-cache.js";
import { FILE_LIMITS } from "./disk/file-cache.js";
import { loadContentTypes } from "./content-type.js";
import { FileContent, stampOf, type ContentOwner } from "./disk/file-content.js";
import { filePath, isHidden } from "./file-path.js";
import { DISK, type FileSystem } from "./disk/file-system.js";
import type { FileFault, FilesOptions } from "./files-options.js";
import { Representation } from "./representation.js";
import { isMissing, RootFolder, type OpenedFile } from "./disk/root-folder.js";
import type { SecretFiles } from "./disk/secret-files.js";

/** What is at a path. `folder`: the path of a folder without its slash; `failed`: the disk failed. */
export type Found = Representation | "folder" | "missing" | "failed";

export interface FileRootDependencies {
  /** Default: the disk of this machine. */
  readonly fileSystem?: FileSystem;
  /** Called with faults of the disk, at most once a second. */
  readonly onFault?: (fault: FileFault) => void;
}

/** The twins of a file, in the order of CODINGS. */
export type Twins = readonly (Representation | undefined)[];

/** How long it is not checked whether a file has changed, in milliseconds. */
const FRESH = 1_000;
/** How often a file that changes while it is read is read again. */
const MOST_ATTEMPTS = 5;
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
  readonly #fileSystem: FileSystem;
  readonly #folder: RootFolder;
  readonly #onFault: (fault: FileFault) => void;
  /** Files in the cache, by the path of the file. */
  readonly #files = new Map<string, Representation>();
  /** What was found at a path, and until when it is not looked up again. */
  readonly #answers = new Map<string, Answer>();
  readonly #loads = new Map<string, Promise<Found>>();
  #faultAt = -Infinity;

  constructor(options: FilesOptions, cache: FileCache, secrets: SecretFiles, dependencies: FileRootDependencies = {}) {
    const { fileSystem = DISK, onFault = (): void => {} } = dependencies;
    this.directory = options.directory;
    this.fallback = inRoot(options.fallback);
    this.notFoundPage = inRoot(options.notFoundPage);
    this.#options = options;
    this.#index = options.index ?? ["index.html"];
    this.#cache = cache;
    this.#secrets = secrets;
    this.#fileSystem = fileSystem;
    this.#folder = new RootFolder(options.directory, options.followLinks === true, secrets, fileSystem);
    this.#onFault = onFault;
  }

  /**
   * What is at the path of a request, if that is known.
   * @param now monotonic time in milliseconds
   */
  find(path: string, now: number): Found | undefined {
    const answer = this.#answers.get(path);
    if (answer === undefined || now >= answer.until || answer.secrets !== this.#secrets.version) return undefined;
    if (typeof answer.found !== "string") this.#cache.touch(answer.found.content);
    return answer.found;
  }

  /** Looks up what is at a path. It does not reject. @param now as for `find` */
  load(path: string, now: number): Promise<Found> {
    let load = this.#loads.get(path);
    if (load === undefined) {
      load = this.#load(path, now);
      this.#loads.set(path, load);
    }
    return load;
  }

  /** The twins of a file, in the order of CODINGS, if they are known. */
  twinsOf(file: Representation, now: number): Twins | undefined {
    return now < file.twinsUntil ? file.twins : undefined;
  }

  /** Looks up the twins of a file. It does not reject. */
  loadTwins(file: Representation, now: number): Promise<Twins> {
    const { path } = file.content;
    const before = file.twins ?? [];
    const loads = CODINGS.map(async (coding, index) => {
      const found = await this.#lookSafely(path + coding.suffix);
      if (typeof found === "string") return undefined;
      const known = before[index];
      return known?.content === found.content ? known : this.#represent(found.content, path, coding);
    });
    return Promise.all(loads).then((twins) => {
      file.twins = twins;
      file.twinsUntil = now + FRESH;
      return twins;
    });
  }

  forget({ path }: FileContent): void {
    this.#files.delete(path);
    this.#answers.delete(path);
    this.#answers.delete(path.slice(0, path.lastIndexOf("/") + 1));
    const original = this.#files.get(path.slice(0, path.lastIndexOf(".")));
    if (original !== undefined) original.twins = undefined;
  }

  /** Nothing is served any more. Responses in progress continue. */
  close(): void {
    for (const { content } of this.#files.values()) this.#cache.drop(content);
    this.#files.clear();
    this.#answers.clear();
  }

  async #load(path: string, now: number): Promise<Found> {
    const secrets = this.#secrets.version;
    const found = await this.#lookSafely(path);
    this.#loads.delete(path);
    this.#keep(path, { found, until: now + FRESH, secrets });
    return found;
  }

  async #lookSafely(path: string): Promise<Found> {
    try {
      return await this.#look(path);
    } catch (error) {
      return this.#fault(path, error);
    }
  }

  async #look(path: string): Promise<Found> {
    if (this.#options.dotfiles !== true && isHidden(path)) return "missing";
    if (!path.endsWith("/")) return this.#read(path);
    for (const name of this.#index) {
      const found = await this.#read(path + name);
      if (typeof found !== "string") return found;
    }
    return "missing";
  }

  async #read(path: string): Promise<Found> {
    const known = this.#files.get(path);
    if (known !== undefined) {
      const stats = await this.#folder.stat(path);
      if (stats !== undefined && stampOf(stats) === known.content.stamp) return this.#renewed(known);
      this.#drop(known.content);
    }
    const opened = await this.#folder.open(path);
    if (typeof opened === "string") return opened;
    const content = await this.#contentOf(path, opened);
    await loadContentTypes();
    const file = this.#represent(content, path);
    const other = this.#files.get(path);
    if (other !== undefined) this.#drop(other.content);
    this.#files.set(path, file);
    this.#cache.add(content);
    return file;
  }

  #represent(content: FileContent, path: string, coding?: ContentCoding): Representation {
    const { cacheControl = "no-cache", immutable = false } = this.#options;
    const options = { path, cacheControl: cacheControlOf(path, cacheControl, immutable) };
    return new Representation(content, coding === undefined ? options : { ...options, coding });
  }

  /** A file that was young gets its strong tag later. */
  #renewed(known: Representation): Representation {
    const { content } = known;
    if (!known.etag.startsWith("W/")) return known;
    const renewed = this.#represent(content, content.path);
    this.#files.set(content.path, renewed);
    return renewed;
  }

  async #contentOf(path: string, opened: OpenedFile): Promise<FileContent> {
    const size = Number(opened.stats.size);
    if (size > FILE_LIMITS.cachedFile) return new FileContent(this, path, opened, undefined, this.#fileSystem);
    try {
      return await this.#readWhole(path, opened, size);
    } finally {
      this.#fileSystem.close(opened.fd);
    }
  }

  /** Reads a small file. If it changes meanwhile, it is read again. */
  async #readWhole(path: string, opened: OpenedFile, size: number, attempts = MOST_ATTEMPTS): Promise<FileContent> {
    const { fd, stats } = opened;
    const bytes = Buffer.allocUnsafeSlow(size);
    let end = 0;
    for (let read = -1; end < size && read !== 0; end += read) read = await this.#readSome(fd, bytes, end);
    const after = await this.#fileSystem.fstat(fd);
    if (end === size && stampOf(after) === stampOf(stats))
      return new FileContent(this, path, opened, bytes, this.#fileSystem);
    if (attempts === 1) throw Object.assign(new Error(`The file changes while it is read: ${path}`), { code: "EBUSY" });
    return this.#readWhole(path, { fd, stats: after }, Number(after.size), attempts - 1);
  }

  #readSome(fd: number, bytes: Buffer, at: number): Promise<number> {
    const room = bytes.subarray(at);
    return new Promise((resolve, reject) =>
      this.#fileSystem.read(fd, room, room.length, at, (error, read) => (error ? reject(error) : resolve(read))),
    );
  }

  #drop(content: FileContent): void {
    this.forget(content);
    this.#cache.drop(content);
  }

  #keep(path: string, answer: Answer): void {
    if (path.length > LONGEST_ANSWERED) return;
    const answers = this.#answers;
    answers.delete(path);
    answers.set(path, answer);
    if (answers.size > MOST_ANSWERS) for (const oldest of answers.keys()) return void answers.delete(oldest);
  }

  #fault(path: string, error: unknown): Found {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (isMissing(error)) return "missing";
    const now = performance.now();
    if (now - this.#faultAt >= FRESH) {
      this.#faultAt = now;
      this.#onFault({ path: this.#folder.pathOf(path).toString(), code });
    }
    return code === "EACCES" || code === "EPERM" ? "missing" : "failed";
  }
}

/** The path of a page in the root, which may be written without its slash. */
function inRoot(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return filePath(encodeURI(`/${path.replace(/^\/+/, "")}`));
}

import { keepNewest } from "@postern/net";
import type { FileContent } from "./disk/file-content.js";
import type { Found } from "./found.js";
import { FolderListing } from "./listing/folder-listing.js";
import type { KeptListings } from "./listing/kept-listings.js";
import { Representation } from "./representation.js";
import { CODINGS } from "./selection/content-coding.js";

/** How long it is not checked whether a file has changed, in milliseconds. */
export const FRESH = 1_000;
/** Answers about paths without a file of their own that are kept. */
const MOST_ANSWERS = 1_000;
/** The longest path with such an answer, in characters. */
const LONGEST_ANSWERED = 512;

interface Answer {
  readonly found: Found;
  readonly until: number;
  /** The secrets that were known. */
  readonly secrets: number;
}

/** What was found at the paths of a root, and until when it is not looked up again. */
export class KnownPaths {
  /** Files in the cache, by the path of the file. */
  readonly files = new Map<string, Representation>();
  /** What is no file, and the files of other paths: an index at the path of its folder. */
  readonly #answers = new Map<string, Answer>();
  readonly #index: readonly string[];
  readonly #listings: KeptListings;

  constructor(index: readonly string[], listings: KeptListings) {
    this.#index = index;
    this.#listings = listings;
  }

  /** What is at a path, if that is known now. @param secrets those that are known now */
  find(path: string, now: number, secrets: number): Found | undefined {
    const file = this.files.get(path);
    if (file !== undefined) return file.isFresh(now, secrets) ? file : undefined;
    const answer = this.#answers.get(path);
    if (answer === undefined || now >= answer.until || answer.secrets !== secrets) return undefined;
    const { found } = answer;
    return found instanceof Representation && !found.content.isCurrent ? undefined : found;
  }

  /** This was found at a path. @param secrets those that were known then */
  keep(path: string, found: Found, now: number, secrets: number): void {
    const until = now + FRESH;
    if (found instanceof Representation && found.content.path === path) {
      this.#answers.delete(path);
      return found.keepUntil(until, secrets);
    }
    if (path.length > LONGEST_ANSWERED) return;
    const answers = this.#answers;
    const answer = { found, until, secrets };
    const forget = (): void => {
      if (answers.get(path) === answer) answers.delete(path);
    };
    if (found instanceof FolderListing && !this.#listings.keep(found, FRESH, forget)) return;
    answers.delete(path);
    answers.set(path, answer);
    keepNewest(answers, MOST_ANSWERS);
  }

  forget(content: FileContent): void {
    const { path } = content;
    // Another version may have taken its place.
    if (this.files.get(path)?.content === content) this.files.delete(path);
    if (this.#index.some((name) => path.endsWith(name))) this.#answers.delete(path.slice(0, path.lastIndexOf("/") + 1));
    const coding = CODINGS.find(({ suffix }) => path.endsWith(suffix));
    const original = coding && this.files.get(path.slice(0, -coding.suffix.length));
    if (original !== undefined) original.twins = undefined;
  }

  clear(): void {
    this.files.clear();
    this.#answers.clear();
  }
}

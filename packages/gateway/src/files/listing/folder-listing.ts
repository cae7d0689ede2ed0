import type { BigIntStats } from "node:fs";
import { percentDecoded } from "../../http/latin1.js";
import { pathOf } from "../../routing/path-scan.js";
import { modifiedOf } from "../disk/file-stamp.js";
import type { FolderEntry } from "../disk/file-system.js";
import { listingTable, listingTitle, type ListedEntry } from "./listing-page.js";
import { listingQuery, type ListingQuery } from "./listing-query.js";
import { sortSlowly } from "./slow-sort.js";

export const LISTING_LIMITS = {
  /** Entries on one page. */
  page: 1_000,
  /** Entries of a folder that are listed. */
  entries: 200_000,
  /** Entries of a folder that can be sorted by size and time: for that, the disk is asked about each of them. */
  sortable: 2_000,
  /** Bytes of all listings that are kept for a second. */
  kept: 32 * 1024 * 1024,
  /** Bytes of different pages that visitors have not read yet. */
  sent: 32 * 1024 * 1024,
} as const;
/** Pages of one listing that are kept: all of one that can be sorted by size and time. */
const MOST_PAGES = 12;
/** Memory for an entry beside its names, and for a row of a page beside the name, in bytes. */
const ENTRY = 112;
const ROW = 240;
/** Bytes of a character of a name in a page, where it is written twice and may be escaped. */
const ESCAPED = 8;
/** Entries that the disk is asked about at the same time. */
const AT_ONCE = 4;

/** Reads what the disk knows about an entry; undefined if visitors cannot get it. */
export type Describe = (entry: FolderEntry) => Promise<BigIntStats | undefined>;

export interface FolderListingOptions {
  /** Whether the folder above can be visited. */
  readonly hasParent: boolean;
  /** Whether the folder has more entries. */
  readonly isCut: boolean;
  readonly describe: Describe;
}

/** A page in two parts. All visitors of a page share the table. */
export interface ListingPage {
  readonly title: Buffer;
  readonly table: Buffer;
}

/** The entries of a folder. */
export class FolderListing {
  readonly #entries: readonly FolderEntry[];
  readonly #options: FolderListingOptions;
  /** Pages without their titles, by order and number. */
  readonly #pages = new Map<string, Promise<Buffer>>();
  /** The entries by name, in both orders. */
  readonly #named = new Map<boolean, Promise<FolderEntry[]>>();

  constructor(entries: readonly FolderEntry[], options: FolderListingOptions) {
    this.#entries = entries;
    this.#options = options;
  }

  /** Memory that it may need, with its pages. */
  get bytes(): number {
    const count = this.#entries.length;
    const names = this.#entries.reduce((sum, { name }) => sum + name.length, 0);
    const rows = Math.min(count * MOST_PAGES, LISTING_LIMITS.page * MOST_PAGES);
    return count * ENTRY + 2 * names + rows * (ROW + (ESCAPED * names) / Math.max(1, count));
  }

  /** The page for a request. @param target path and query, as received */
  async page(target: string): Promise<ListingPage> {
    const asked = listingQuery(target);
    const pages = Math.max(1, Math.ceil(this.#entries.length / LISTING_LIMITS.page));
    const sort = this.#isSortable ? asked.sort : "name";
    const table = await this.#table({ ...asked, sort, page: Math.min(asked.page, pages) }, pages);
    return { title: Buffer.from(listingTitle(percentDecoded(pathOf(target)))), table };
  }

  get #isSortable(): boolean {
    return this.#entries.length <= LISTING_LIMITS.sortable;
  }

  #table(query: ListingQuery, pages: number): Promise<Buffer> {
    const key = `${query.sort} ${query.isDescending} ${query.page}`;
    let table = this.#pages.get(key);
    if (table === undefined) {
      if (this.#pages.size >= MOST_PAGES) this.#pages.clear();
      table = this.#render(query, pages);
      this.#pages.set(key, table);
      table.catch(() => this.#pages.delete(key));
    }
    return table;
  }

  async #render(query: ListingQuery, pages: number): Promise<Buffer> {
    const { sort } = query;
    const start = (query.page - 1) * LISTING_LIMITS.page;
    const onPage = <Item>(items: readonly Item[]): readonly Item[] => items.slice(start, start + LISTING_LIMITS.page);
    const named = await this.#byName(sort === "name" && query.isDescending);
    const entries =
      sort === "name"
        ? await this.#listed(onPage(named))
        : onPage((await this.#listed(named)).toSorted(byNumber(sort, query)));
    const isSortable = this.#isSortable;
    const { hasParent, isCut } = this.#options;
    return Buffer.from(listingTable({ hasParent, isCut, entries, query, pages, isSortable }));
  }

  #byName(isDescending: boolean): Promise<FolderEntry[]> {
    let named = this.#named.get(isDescending);
    if (named === undefined) {
      named = sortSlowly(this.#entries, byName(isDescending));
      this.#named.set(isDescending, named);
    }
    return named;
  }

  async #listed(entries: readonly FolderEntry[]): Promise<ListedEntry[]> {
    const listed: (ListedEntry | undefined)[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < entries.length) {
        const index = next++;
        const { name } = entries[index]!;
        const stats = await this.#options.describe(entries[index]!);
        if (stats === undefined) continue;
        const isFolder = stats.isDirectory();
        listed[index] = { name, isFolder, size: Number(stats.size), modified: modifiedOf(stats) };
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return listed.filter((entry) => entry !== undefined);
  }
}

/** Folders come first. */
function byName(isDescending: boolean): (one: FolderEntry, other: FolderEntry) => number {
  const sign = isDescending ? -1 : 1;
  return (one, other) => {
    if ((one.kind === "folder") !== (other.kind === "folder")) return one.kind === "folder" ? -1 : 1;
    return one.key === other.key ? 0 : one.key < other.key ? -sign : sign;
  };
}

function byNumber(
  sort: "size" | "modified",
  { isDescending }: ListingQuery,
): (one: ListedEntry, other: ListedEntry) => number {
  return (one, other) => (isDescending ? other[sort] - one[sort] : one[sort] - other[sort]);
}

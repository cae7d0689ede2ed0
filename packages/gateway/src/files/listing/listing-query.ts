import { pathEnd } from "../../routing/path-scan.js";

export const SORT_KEYS = ["name", "size", "modified"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** Which part of a listing a visitor wants, and in which order. */
export interface ListingQuery {
  readonly sort: SortKey;
  readonly isDescending: boolean;
  /** 1 is the first. */
  readonly page: number;
}

/** Reads the query of a request for a listing. Whatever is not known is ignored. */
export function listingQuery(target: string): ListingQuery {
  const parameters = new URLSearchParams(target.slice(pathEnd(target)));
  const sort = SORT_KEYS.find((key) => key === parameters.get("sort")) ?? "name";
  const page = /^[1-9]\d{0,5}$/.exec(parameters.get("page") ?? "");
  return { sort, isDescending: parameters.get("order") === "desc", page: page === null ? 1 : Number(page[0]) };
}

/** The query as text, without what is the default. */
export function queryText({ sort, isDescending, page }: ListingQuery): string {
  const parameters = [
    ...(sort === "name" ? [] : [`sort=${sort}`]),
    ...(isDescending ? ["order=desc"] : []),
    ...(page === 1 ? [] : [`page=${page}`]),
  ];
  return `?${parameters.join("&")}`;
}

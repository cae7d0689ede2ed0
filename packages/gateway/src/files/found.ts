import type { FolderListing } from "./listing/folder-listing.js";
import type { Representation } from "./representation.js";

/** What is at a path. `folder`: the path of a folder without its slash; `failed`: the disk failed. */
export type Found = Representation | FolderListing | "folder" | "missing" | "failed";

export type FoundFile = Exclude<Found, FolderListing>;

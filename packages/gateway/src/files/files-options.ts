/** A folder whose files are served. */
export interface FilesOptions {
  /** Absolute path of the root. */
  readonly directory: string;
  /** Path inside the root of the page for missing paths that accept HTML (single-page applications); status 200. */
  readonly fallback?: string | undefined;
  /** Path inside the root of the page with status 404. */
  readonly notFoundPage?: string | undefined;
  /** Names of index files, in order. Default `index.html`. */
  readonly index?: readonly string[] | undefined;
  /** Folders without an index file are listed. Default false. */
  readonly browse?: boolean | undefined;
  /** Files and folders whose names begin with a dot are served. Default false: only `/.well-known/` is. */
  readonly dotfiles?: boolean | undefined;
  /** Symbolic links that lead out of the root are followed. Default false. */
  readonly followLinks?: boolean | undefined;
  /** Value of Cache-Control. Default `no-cache`. */
  readonly cacheControl?: string | undefined;
  /** Names with a content hash (`app.3f9c2b1d.js`) get `public, max-age=31536000, immutable`. Default false. */
  readonly immutable?: boolean | undefined;
}

/** A file that exists and cannot be served. Visitors do not learn of it. */
export interface FileFault {
  /** Its path. Bytes that are not UTF-8 are replaced. */
  readonly path: string;
  /** The code of the system: EACCES, EIO, EMFILE … */
  readonly code: string;
}

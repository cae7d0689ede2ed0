import type { FileRequest } from "../http/index.js";
import { FileCache } from "./disk/file-cache.js";
import { missingReason, type LookUp, type MissingReason } from "./missing-reason.js";
import { SecretFiles, type SecretFilesOptions } from "./disk/secret-files.js";
import { filePath } from "./file-path.js";
import { FileRoot } from "./file-root.js";
import type { Found } from "./found.js";
import type { FilesOptions } from "./files-options.js";
import { Representation } from "./representation.js";
import { acceptsHtml } from "./selection/accepts-html.js";

/** How a folder answers a request for a path. */
export interface ExplainedFile {
  readonly status: 200 | 204 | 301 | 404 | 405 | 503;
  /** The file that is sent: its path in the folder. Undefined: no file is. */
  readonly file: string | undefined;
  /** `listing`: a page that lists the folder; `slash`: a redirect to the path with a slash. */
  readonly answer: "file" | "index" | "listing" | "slash" | "fallback" | "not_found_page" | "page" | "methods";
  /** Why the path itself leads to no file; undefined if it does. `unsafe`: no file can have this path. */
  readonly reason: MissingReason | "unsafe" | undefined;
}

/**
 * Explains which file a folder sends for a request. It reads the disk, and sends nothing. Conditions, ranges and
 * codings of the request do not count.
 * @param target the path in the folder, percent-encoded
 */
export async function explainedFile(
  options: FilesOptions,
  target: string,
  request: FileRequest,
  secretFiles: SecretFilesOptions,
): Promise<ExplainedFile> {
  const { method } = request;
  if (method !== "GET" && method !== "HEAD")
    return { status: method === "OPTIONS" ? 204 : 405, file: undefined, answer: "methods", reason: undefined };
  const path = filePath(target);
  if (path === undefined) return { ...PAGE, reason: "unsafe" };
  const secrets = new SecretFiles(secretFiles);
  await secrets.searchBelow(options.directory, () => true);
  return withRoot(options, secrets, async (root) => {
    const hasSlash = request.path.split("?", 1)[0]!.endsWith("/");
    const first = await root.load(path);
    const found = first === "folder" && hasSlash ? await root.load(`${path}/`) : first;
    if (found !== "missing") return present(found, path, hasSlash);
    return { ...(await instead(root, request)), reason: await missingReason(options, secrets, path, lookUp) };
  });
}

async function withRoot<Result>(
  options: FilesOptions,
  secrets: SecretFiles,
  use: (root: FileRoot) => Promise<Result>,
): Promise<Result> {
  const root = new FileRoot(options, new FileCache(), secrets);
  try {
    return await use(root);
  } finally {
    root.close();
  }
}

const lookUp: LookUp = (options, secrets, path) => withRoot(options, secrets, (root) => root.load(path));

/** The gateway's own page. */
const PAGE: ExplainedFile = { status: 404, file: undefined, answer: "page", reason: undefined };

function present(found: Exclude<Found, "missing">, path: string, hasSlash: boolean): ExplainedFile {
  if (found === "failed") return { ...PAGE, status: 503, reason: "unreadable" };
  if (found === "folder" || (path.endsWith("/") && !hasSlash))
    return { status: 301, file: undefined, answer: "slash", reason: undefined };
  if (!(found instanceof Representation)) return { status: 200, file: undefined, answer: "listing", reason: undefined };
  const { path: file } = found.content;
  return { status: 200, file: named(file), answer: file === path ? "file" : "index", reason: undefined };
}

/** What is sent for a path without a file. */
async function instead(root: FileRoot, request: FileRequest): Promise<ExplainedFile> {
  const fallback = acceptsHtml(request) ? await foundPage(root, root.fallback) : undefined;
  if (fallback !== undefined) return { ...PAGE, status: 200, file: fallback, answer: "fallback" };
  const file = await foundPage(root, root.notFoundPage);
  return file === undefined ? PAGE : { ...PAGE, file, answer: "not_found_page" };
}

/** The name of a page, if it is configured and exists. */
async function foundPage(root: FileRoot, page: string | undefined): Promise<string | undefined> {
  return page !== undefined && (await root.load(page)) instanceof Representation ? named(page) : undefined;
}

/** A path as its name is written. Bytes that are not UTF-8 are replaced. */
function named(path: string): string {
  return Buffer.from(path, "latin1").toString();
}

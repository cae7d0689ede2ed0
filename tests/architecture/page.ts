import { posix } from "node:path";

/** The folders of the packages' sources, each as `package/folder/…`, in order. */
export function sourceFolders(paths: readonly string[]): string[] {
  const folders = paths
    .filter((path) => /^packages\/[^/]+\/src\//.test(path))
    .map((path) => posix.dirname(path.replace(/^packages\/([^/]+)\/src\//, "$1/")))
    .filter((folder) => folder.includes("/"));
  return [...new Set(folders)].toSorted();
}

/** The folders that the tree in `page` shows: a line with a package's name, then indented lines with its folders. */
export function treeFolders(page: string): string[] {
  const [, tree = ""] = /```tree\n([\s\S]*?)```/.exec(page) ?? [];
  const open: string[] = [];
  const folders: string[] = [];
  for (const line of tree.split("\n")) {
    const [, indent = "", name] = /^( *)([a-z0-9-]+)\//.exec(line) ?? [];
    if (name === undefined) continue;
    open.length = indent.length / 2;
    open.push(name);
    if (open.length > 1) folders.push(open.join("/"));
  }
  return folders.toSorted();
}

/**
 * Files that `page` names in code spans (`exchange.ts`, `gateway/exchange/exchange.ts`) and that are not in the
 * sources.
 */
export function unknownFiles(page: string, paths: readonly string[]): string[] {
  const known = paths.map((path) => `/${path.replace(/^packages\/([^/]+)\/src\//, "$1/")}`);
  const named = [...page.matchAll(/`([a-z0-9/.-]+\.ts)`/g)].map(([, name = ""]) => name);
  return [...new Set(named)].filter((name) => !known.some((path) => path.endsWith(`/${name}`)));
}

import { readFileSync, readdirSync, existsSync } from "node:fs";
import { join, relative } from "node:path";

export interface SourceFile {
  /** Relative to the project's root, with forward slashes. */
  path: string;
  text: string;
}

export interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export interface PackageSources {
  /** The folder's name; the package's name is `@postern/` followed by it. */
  folder: string;
  manifest: Manifest;
  /** All code of the package: src, bin and fuzz. */
  files: SourceFile[];
}

export interface Project {
  root: Manifest;
  packages: PackageSources[];
  /** Code in tests, bench, scripts and the root folder. */
  loose: SourceFile[];
}

const CODE = /\.(ts|tsx|js|mjs|cjs)$/;

export function readProject(root: string): Project {
  const manifest = (folder: string): Manifest =>
    JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
  const folders = readdirSync(join(root, "packages")).filter((name) =>
    existsSync(join(root, "packages", name, "package.json")),
  );
  return {
    root: manifest("."),
    packages: folders.map((folder) => ({
      folder,
      manifest: manifest(`packages/${folder}`),
      files: codeBelow(root, `packages/${folder}`),
    })),
    loose: [
      ...["tests", "bench", "scripts"].flatMap((folder) => codeBelow(root, folder)),
      ...readdirSync(root)
        .filter((name) => CODE.test(name))
        .map((name) => ({ path: name, text: readFileSync(join(root, name), "utf8") })),
    ],
  };
}

function codeBelow(root: string, folder: string): SourceFile[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && CODE.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !/(^|\/)(dist|bundle|node_modules|\.out)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

import { posix } from "node:path";

/**
 * A source file, and the files of its own package that it imports, types included. Paths are relative to the package's
 * src.
 */
export interface FileImports {
  path: string;
  imports: string[];
}

export interface ShapeRules {
  /**
   * Files in a package's src, not in a folder of it, that folders may use and that may use folders: `index`, `options`
   * …
   */
  rootFiles: string[];
  /** Source files in one folder, tests and suites not counted. */
  maxFiles: number;
}

/**
 * Ways in which the files of one package are tangled, a sentence each: circles, folders that use each other, folders
 * that are too full.
 */
export function shapeFaults(home: string, files: FileImports[], rules: ShapeRules): string[] {
  return [...circles(home, files), ...mutualFolders(home, files, rules), ...fullFolders(home, files, rules)];
}

/** One sentence for each circle of imports: its files in order, the first one again at the end. */
function circles(home: string, files: FileImports[]): string[] {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const state = new Map<string, "open" | "done">();
  const faults: string[] = [];
  const path: string[] = [];

  const visit = (file: string): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      const circle = [...path.slice(path.indexOf(file)), file];
      faults.push(`${home}: a circle of imports: ${circle.join(" → ")}`);
      return;
    }
    state.set(file, "open");
    path.push(file);
    for (const next of imports.get(file) ?? []) if (imports.has(next)) visit(next);
    path.pop();
    state.set(file, "done");
  };
  for (const file of imports.keys()) visit(file);
  return faults;
}

/** The folder of a file, at any depth; root files count as folders of their own, so that they cannot hide an arrow. */
function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === "." ? path : folder;
}

function mutualFolders(home: string, files: FileImports[], rules: ShapeRules): string[] {
  const exempt = new Set(rules.rootFiles.map((name) => `${name}.ts`));
  /** For each pair of folders, the first import seen from one to the other. */
  const arrows = new Map<string, string>();
  for (const { path, imports } of files)
    for (const target of imports) {
      if (exempt.has(path) || exempt.has(target)) continue;
      const [from, to] = [folderOf(path), folderOf(target)];
      const key = `${from} ${to}`;
      if (from !== to && !arrows.has(key)) arrows.set(key, `${path} → ${target}`);
    }
  return [...arrows].flatMap(([key, there]) => {
    const [from = "", to = ""] = key.split(" ");
    const back = arrows.get(`${to} ${from}`);
    return back === undefined || from > to ? [] : [`${home}: ${from} and ${to} use each other: ${there}, ${back}`];
  });
}

function fullFolders(home: string, files: FileImports[], { maxFiles }: ShapeRules): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = posix.dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > maxFiles)
    .map(([folder, count]) => `${posix.join(home, folder)} has ${count} source files, more than ${maxFiles}`);
}

import { posix } from "node:path";
import { moduleFacts } from "./module-facts.ts";
import type { Project } from "./project.ts";

/**
 * Returns a function that lists everything that is loaded together with some files: paths of this project's files, and
 * specifiers of other packages and modules of Node.js. What a file imports later, by a dynamic import, is not listed.
 */
export function loadedModules({ packages }: Project): (...entries: string[]) => string[] {
  const texts = new Map(packages.flatMap(({ files }) => files).map(({ path, text }) => [path, text]));
  const known = new Map<string, string[]>();

  const loadsOf = (path: string): string[] => {
    const text = texts.get(path);
    if (text === undefined) throw new Error(`${path} does not exist`);
    const loads = known.get(path) ?? moduleFacts(text).loads.map((specifier) => resolved(specifier, path));
    known.set(path, loads);
    return loads;
  };
  return (...entries) => {
    const loaded = new Set(entries);
    // The loop also visits what is added during it.
    for (const module of loaded) if (isOwn(module)) for (const each of loadsOf(module)) loaded.add(each);
    return [...loaded];
  };
}

/** Whether a module belongs to this project. */
export function isOwn(module: string): boolean {
  return module.startsWith("packages/");
}

/** The source of a built file, of `@postern/NAME` and of `@postern/NAME/SUBPATH`. */
function resolved(specifier: string, importer: string): string {
  if (specifier.startsWith("."))
    return posix.join(posix.dirname(importer), specifier).replace("/dist/", "/src/").replace(/\.js$/, ".ts");
  const [, folder, subpath = "index"] = /^@postern\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  return folder === undefined ? specifier : `packages/${folder}/src/${subpath}.ts`;
}

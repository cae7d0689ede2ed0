import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { moduleFacts, type ModuleFacts } from "./module-facts.ts";
import type { Manifest, PackageSources, Project, SourceFile } from "./project.ts";
import { shapeFaults, type ShapeRules } from "./shape.ts";

/** Which of our packages each of our packages may import. */
export type DependencyTable = Record<string, string[]>;

export interface Rules {
  table: DependencyTable;
  /** Subpath exports, and the packages that may import each. Everything outside the packages may. */
  subpaths: DependencyTable;
  /** Packages that are handed clock, randomness and transport, so they may name none of these. */
  pure: { folder: string; builtins: string[]; forbiddenGlobals: string[] }[];
  maxLines: number;
  /** Columns of a comment, as prettier has them for code. */
  maxCommentWidth: number;
  catchAllNames: string[];
  shape: ShapeRules;
}

const TEST_FILE = /\.(test|suite)\.ts$/;
const COMMENT_LINE = /^\s*(\/\/|\/\*|\*)/;
const TEST_NOT_RUN = /\.(only|skip|todo)$/;

/** Every way in which the project differs from its architecture, a sentence each; empty when there is none. */
export function architectureFaults(project: Project, rules: Rules): string[] {
  const facts = new Map<SourceFile, ModuleFacts>();
  const faults: string[] = [];
  for (const file of [...project.packages.flatMap(({ files }) => files), ...project.loose]) {
    facts.set(file, moduleFacts(file.text));
    faults.push(...fileFaults(file, factsOf(file), rules));
  }

  function factsOf(file: SourceFile): ModuleFacts {
    return facts.get(file) ?? moduleFacts(file.text);
  }

  for (const member of project.packages) {
    if (rules.table[member.folder] === undefined) faults.push(`packages/${member.folder} is not in the table`);
    faults.push(...manifestFaults(member, project.root));
    const used = new Set<string>();
    for (const file of member.files) {
      const isProduct = isProductFile(member, file);
      for (const specifier of factsOf(file).imports) {
        const fault = importFault(specifier, file, member, project.root, rules);
        if (fault !== undefined) faults.push(`${file.path} imports ${specifier}: ${fault}`);
        if (isProduct) used.add(packageName(specifier));
      }
      if (isProduct && factsOf(file).hasDefaultExport)
        faults.push(`${file.path}: exports are named, there is no default`);
    }
    for (const name of Object.keys(dependenciesOf(member.manifest)))
      if (!used.has(name)) faults.push(`packages/${member.folder} declares ${name} and never imports it`);
    faults.push(...purityFaults(member, factsOf, rules));
    faults.push(...tangles(member, factsOf, rules));
  }
  for (const folder of Object.keys(rules.table))
    if (!project.packages.some((member) => member.folder === folder))
      faults.push(`packages/${folder} is in the table only`);
  for (const file of project.loose)
    for (const specifier of factsOf(file).imports) {
      const fault = looseImportFault(specifier, project);
      if (fault !== undefined) faults.push(`${file.path} imports ${specifier}: ${fault}`);
    }
  return faults;
}

function fileFaults(file: SourceFile, facts: ModuleFacts, rules: Rules): string[] {
  const faults: string[] = [];
  const stem = posix.basename(file.path).replace(/(\.(test|suite|d|config))?\.[cm]?[jt]sx?$/, "");
  // A test may say after a dot what kind of test it is.
  for (const part of stem.split(".")) {
    if (rules.catchAllNames.some((name) => part === name || part === `${name}s`))
      faults.push(`${file.path}: "${part}" says nothing about what is in it`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) faults.push(`${file.path}: file names are kebab-case`);
  }
  const lines = file.text.replace(/\n$/, "").split("\n");
  if (lines.length > rules.maxLines) faults.push(`${file.path} has ${lines.length} lines, more than ${rules.maxLines}`);
  for (const [index, line] of lines.entries())
    if (COMMENT_LINE.test(line) && line.length > rules.maxCommentWidth)
      faults.push(`${file.path}:${index + 1}: a comment of ${line.length} columns, more than ${rules.maxCommentWidth}`);
  if (facts.computedImports > 0) faults.push(`${file.path}: a dynamic import whose name is computed cannot be checked`);
  if (TEST_FILE.test(file.path))
    for (const modifier of facts.testModifiers)
      if (TEST_NOT_RUN.test(modifier)) faults.push(`${file.path} uses ${modifier}: some tests would not run`);
  return faults;
}

function importFault(
  specifier: string,
  file: SourceFile,
  member: PackageSources,
  root: Manifest,
  { table, subpaths }: Rules,
): string | undefined {
  const allowed = table[member.folder] ?? [];
  const isProduct = isProductFile(member, file);
  if (specifier.startsWith(".")) return relativeFault(specifier, file, member);
  // A bin starts on any Node, also on those that don't know node: yet, to say that they are too old.
  const inBin = file.path.startsWith(`packages/${member.folder}/bin/`);
  if (isBuiltin(specifier))
    return inBin || specifier.startsWith("node:") ? undefined : "built-in modules are written with node:";
  const name = packageName(specifier);
  if (name.startsWith("@postern/")) {
    const users = specifier === name ? undefined : subpaths[specifier];
    if (specifier !== name && users === undefined) return "only a package's main entry is its interface";
    if (users?.includes(member.folder) === false) return `only ${users.join(", ")} may import this subpath`;
    const folder = name.slice("@postern/".length);
    if (folder === member.folder) return "a package does not import itself by name";
    const mayTest = !isProduct && folder === "testkit";
    if (!allowed.includes(folder) && !mayTest)
      return `${member.folder} may import ${allowed.join(", ") || "none of ours"}`;
    if (mayTest) return undefined;
  }
  const declared = dependenciesOf(member.manifest);
  if (name in declared || (!isProduct && name in dependenciesOf(root, true))) return undefined;
  return `not declared in packages/${member.folder}/package.json`;
}

function relativeFault(specifier: string, file: SourceFile, member: PackageSources): string | undefined {
  const target = posix.join(posix.dirname(file.path), specifier);
  const home = `packages/${member.folder}`;
  if (file.path.startsWith(`${home}/src/`) && !target.startsWith(`${home}/src/`)) return "it leaves the package's src";
  return target.startsWith(`${home}/`) ? undefined : "it leaves the package";
}

function looseImportFault(specifier: string, project: Project): string | undefined {
  if (specifier.startsWith("."))
    return /\.\.\/packages\/[^/]+\/src\//.test(specifier) ? "a package is imported by its name" : undefined;
  if (isBuiltin(specifier))
    return specifier.startsWith("node:") ? undefined : "built-in modules are written with node:";
  const name = packageName(specifier);
  if (project.packages.some(({ manifest }) => manifest.name === name)) return undefined;
  return name in dependenciesOf(project.root, true) ? undefined : "not declared in package.json";
}

function manifestFaults(member: PackageSources, root: Manifest): string[] {
  const { folder, manifest } = member;
  const faults: string[] = [];
  if (manifest.name !== `@postern/${folder}`) faults.push(`packages/${folder} calls itself ${manifest.name}`);
  if (manifest.version !== root.version)
    faults.push(`packages/${folder} has version ${manifest.version}, not ${root.version}`);
  for (const [name, version] of Object.entries(dependenciesOf(manifest))) {
    if (!/^\d/.test(version)) faults.push(`packages/${folder} does not pin ${name} (${version})`);
    if (name.startsWith("@postern/") && version !== root.version)
      faults.push(`packages/${folder} wants ${name} ${version}, not ${root.version}`);
  }
  return faults;
}

function purityFaults(member: PackageSources, factsOf: (file: SourceFile) => ModuleFacts, rules: Rules): string[] {
  const rule = rules.pure.find(({ folder }) => folder === member.folder);
  if (rule === undefined) return [];
  return member.files
    .filter((file) => isProductFile(member, file))
    .flatMap((file) => [
      ...factsOf(file)
        .imports.filter((specifier) => specifier.startsWith("node:") && !rule.builtins.includes(specifier))
        .map((specifier) => `${file.path} imports ${specifier}: ${member.folder} does no input or output itself`),
      ...factsOf(file)
        .globals.filter((name) => rule.forbiddenGlobals.includes(name))
        .map((name) => `${file.path} uses ${name}: clock, timers and randomness are passed in`),
    ]);
}

/**
 * How the files of a package's src hang together. Relative imports name the built file (`./x.js`); here they name the
 * source.
 */
function tangles(member: PackageSources, factsOf: (file: SourceFile) => ModuleFacts, rules: Rules): string[] {
  const home = `packages/${member.folder}/src`;
  const files = member.files
    .filter((file) => file.path.startsWith(`${home}/`) && !TEST_FILE.test(file.path))
    .map((file) => ({
      path: posix.relative(home, file.path),
      imports: factsOf(file)
        .imports.filter((specifier) => specifier.startsWith("."))
        .map((specifier) => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, ".ts"))
        .map((path) => posix.relative(home, path)),
    }));
  return shapeFaults(home, files, rules.shape);
}

/** What is published: src and bin without their tests. */
function isProductFile(member: PackageSources, file: SourceFile): boolean {
  return /^(src|bin)\//.test(file.path.slice(`packages/${member.folder}/`.length)) && !TEST_FILE.test(file.path);
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function dependenciesOf(manifest: Manifest, withDev = false): Record<string, string> {
  return {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...(withDev ? manifest.devDependencies : undefined),
  };
}

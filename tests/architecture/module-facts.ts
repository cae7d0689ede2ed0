import { parseAst } from "vitest/node";

/** The facts that a module's text contains, ignoring comments and strings. */
export interface ModuleFacts {
  /** Specifiers of static, dynamic, type and re-export imports, in order, each once. */
  imports: string[];
  /** Those of them that are loaded together with the module: neither dynamic imports nor imports of types alone. */
  loads: string[];
  /** The number of dynamic imports whose specifier is computed, so that it cannot be checked. */
  computedImports: number;
  hasDefaultExport: boolean;
  /** `it.only`, `describe.skip` and the like: the root and the last property. */
  testModifiers: string[];
  /** Names used as values that nothing in the module declares, `Math.random` with its property. */
  globals: string[];
}

interface Node {
  type: string;
  [key: string]: unknown;
}

const TEST_ROOTS = new Set(["it", "test", "describe", "bench", "suite"]);

/** Reads TypeScript or JavaScript. Throws on text that does not parse. */
export function moduleFacts(text: string): ModuleFacts {
  const imports = new Set<string>();
  const loads = new Set<string>();
  const declared = new Set<string>();
  const used = new Set<string>();
  const testModifiers: string[] = [];
  let computedImports = 0;
  let hasDefaultExport = false;

  visit(parseAst(text, { lang: "ts" }) as unknown as Node, (node) => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
      case "ImportExpression":
      case "TSImportType": {
        const source = literal(node["source"]) ?? literal(node["argument"]);
        if (source !== undefined) imports.add(source);
        else if (node.type === "ImportExpression") computedImports += 1;
        if (source !== undefined && isLoaded(node)) loads.add(source);
        break;
      }
      case "TSExternalModuleReference": {
        const source = literal(node["expression"]);
        if (source !== undefined) imports.add(source);
        break;
      }
      case "ExportDefaultDeclaration":
        hasDefaultExport = true;
        break;
      case "MemberExpression": {
        const path = memberPath(node);
        const [root] = path;
        const last = path.at(-1);
        if (root !== undefined && last !== undefined && path.length > 1) {
          if (TEST_ROOTS.has(root)) testModifiers.push(`${root}.${last}`);
          if (path.length === 2) used.add(`${root}.${last}`);
        }
        break;
      }
      case "Identifier":
        used.add(String(node["name"]));
        break;
    }
    for (const name of declaredNames(node)) declared.add(name);
  });
  const globals = [...used].filter((name) => !declared.has(name.split(".")[0] ?? name));
  return { imports: [...imports], loads: [...loads], computedImports, hasDefaultExport, testModifiers, globals };
}

function isLoaded({ type, importKind, exportKind }: Node): boolean {
  if (type === "ImportExpression" || type === "TSImportType") return false;
  return importKind !== "type" && exportKind !== "type";
}

function visit(node: Node, enter: (node: Node) => void): void {
  enter(node);
  for (const [key, value] of Object.entries(node)) {
    // The name after the dot or before the colon is not a reference to a variable.
    if (key === "property" && node.type === "MemberExpression" && node["computed"] !== true) continue;
    if (key === "key" && node["computed"] !== true) continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, enter);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === "TSLiteralType") return literal(value["literal"]);
  return value.type === "Literal" && typeof value["value"] === "string" ? value["value"] : undefined;
}

function memberPath(node: Node): string[] {
  const { object, property } = node as { object?: unknown; property?: unknown } & Node;
  const name = isNode(property) && property.type === "Identifier" ? [String(property["name"])] : [];
  if (!isNode(object)) return name;
  if (object.type === "Identifier") return [String(object["name"]), ...name];
  return object.type === "MemberExpression" ? [...memberPath(object), ...name] : name;
}

/** Names that this node declares. Scopes are ignored: a name declared anywhere belongs to the module. */
function declaredNames(node: Node): string[] {
  switch (node.type) {
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
      return patternNames(node["local"]);
    case "VariableDeclarator":
    case "ClassDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return patternNames(node["id"]);
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return [node["id"], ...(Array.isArray(node["params"]) ? node["params"] : [])].flatMap(patternNames);
    default:
      return [];
  }
}

function patternNames(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  switch (pattern.type) {
    case "Identifier":
      return [String(pattern["name"])];
    case "ObjectPattern":
      return list(pattern["properties"]).flatMap((property) => patternNames(property["value"] ?? property["argument"]));
    case "ArrayPattern":
      return list(pattern["elements"]).flatMap(patternNames);
    case "AssignmentPattern":
      return patternNames(pattern["left"]);
    case "RestElement":
      return patternNames(pattern["argument"]);
    default:
      return [];
  }
}

function list(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

import type { Document, Location } from "./locate.js";
import type { Path } from "./path.js";
import { ConfigError, problemOf, type Problem } from "./problem.js";
import { shownLine } from "./shown-line.js";

/** No configuration is longer; what is, is something else. */
const LARGEST_BYTES = 1024 * 1024;

/** A TOML file: its values, and where they stand. */
export class TomlFile {
  /** As messages call it. */
  readonly name: string;
  readonly values: Record<string, unknown>;
  readonly #text: string;
  readonly #locate: (path: Path) => Location | undefined;

  private constructor(
    name: string,
    text: string,
    values: Record<string, unknown>,
    locate: (path: Path) => Location | undefined,
  ) {
    this.name = name;
    this.values = values;
    this.#text = text;
    this.#locate = locate;
  }

  /** @throws ConfigError when it is no TOML. */
  static async read(name: string, bytes: Uint8Array): Promise<TomlFile> {
    const text = decoded(name, bytes);
    // Loaded only here: most runs of the command have no file, and start sooner without them.
    const [{ parse, TomlError }, { documentOf, locate }] = await Promise.all([
      import("smol-toml"),
      import("./locate.js"),
    ]);
    try {
      const values = parse(text);
      let document: Document | undefined;
      return new TomlFile(name, text, values, (path) => locate((document ??= documentOf(text)), path));
    } catch (error) {
      if (!(error instanceof TomlError))
        throw new ConfigError([problemOf(`${name} is not valid TOML: it is nested too deeply.`)]);
      const { line, column } = error;
      const what = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
      throw new ConfigError([problemAt(name, text, { line, column, width: 1 }, `this is not valid TOML: ${what}`)]);
    }
  }

  /** `postern.toml:12`: where the value at `path` stands, or the innermost table around it. */
  place(path: Path): string {
    const line = this.#locate(path)?.line;
    return line === undefined ? this.name : `${this.name}:${line}`;
  }

  /** A problem with the value at `path`. */
  problem(path: Path, message: string): Problem {
    return problemAt(this.name, this.#text, this.#locate(path), message);
  }
}

function problemAt(name: string, text: string, location: Location | undefined, message: string): Problem {
  if (location === undefined) return { where: name, line: 0, message, frame: [] };
  const { line, column } = location;
  return { where: `${name}:${line}:${column}`, line, message, frame: frame(text, location) };
}

function decoded(name: string, bytes: Uint8Array): string {
  if (bytes.length > LARGEST_BYTES)
    throw new ConfigError([problemOf(`${name} is larger than 1 MiB: this is no configuration.`)]);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([problemOf(`${name} is not UTF-8 text. Save it as UTF-8.`)]);
  }
}

/** The line at a location, and a mark below. */
function frame(text: string, { line, column, width }: Location): string[] {
  const source = text.split(/\r\n|\n/)[line - 1];
  if (source === undefined) return [];
  const shown = shownLine(source);
  const lines = [`${String(line).padStart(5)} | ${shown}`];
  const visible = Math.min(width, shown.length - column + 1);
  if (visible > 0) lines.push(`      | ${" ".repeat(column - 1)}${"^".repeat(visible)}`);
  return lines;
}

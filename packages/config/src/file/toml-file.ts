import { encodingFault } from "./encoding.js";
import type { Document, Location } from "./locate.js";
import { pathText, type Path } from "./path.js";
import { ConfigError, problemOf, type Problem } from "./problem.js";
import { redactedLine } from "./redacted-line.js";

/** Larger files are certainly not configurations. */
const LARGEST_BYTES = 1024 * 1024;

/** A TOML file: its values and their positions. */
export class TomlFile {
  /** Name of the file in messages. */
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

  /** @throws ConfigError if the file is not valid TOML. */
  static async read(name: string, bytes: Uint8Array): Promise<TomlFile> {
    const text = decoded(name, bytes);
    // Imported here because most runs of the command have no file, and start faster without the parsers.
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
        throw new ConfigError([problemOf(`${name} is not valid TOML: the nesting is too deep.`)]);
      const { line, column } = error;
      const what = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
      throw new ConfigError([problemAt(name, text, { line, column, width: 1 }, `not valid TOML: ${what}`)]);
    }
  }

  /**
   * Returns this file with other values. The positions of renamed values stay those in the text.
   * @param origins paths in the text, by the text of the new path.
   */
  renamed(values: Record<string, unknown>, origins: ReadonlyMap<string, Path>): TomlFile {
    return new TomlFile(this.name, this.#text, values, (path) => this.#locate(origins.get(pathText(path)) ?? path));
  }

  /** Returns the position of the value at `path`, or of the innermost table around it: `postern.toml:12`. */
  place(path: Path): string {
    const line = this.#locate(path)?.line;
    return line === undefined ? this.name : `${this.name}:${line}`;
  }

  /** Creates a problem about the value at `path`. */
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
    throw new ConfigError([problemOf(`${name} is larger than 1 MiB. Is it a configuration file?`)]);
  const fault = encodingFault(bytes);
  if (fault !== undefined) throw new ConfigError([problemOf(`${name} ${fault}.`)]);
  return new TextDecoder().decode(bytes);
}

/** Returns the line at a location and a marker below it. */
function frame(text: string, { line, column, width }: Location): string[] {
  const source = text.split(/\r\n|\n/)[line - 1];
  if (source === undefined) return [];
  const shown = redactedLine(source);
  const lines = [`${String(line).padStart(5)} | ${shown}`];
  const visible = Math.min(width, shown.length - column + 1);
  if (visible > 0) lines.push(`      | ${" ".repeat(column - 1)}${"^".repeat(visible)}`);
  return lines;
}

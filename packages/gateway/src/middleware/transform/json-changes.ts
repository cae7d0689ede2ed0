/** Changes to JSON texts, as data. */
export interface JsonChangeOptions {
  /** Members of the outermost object: names, and values that JSON can express. */
  readonly add: Readonly<Record<string, unknown>>;
  /** Names of members to remove, wherever they are. */
  readonly remove: readonly string[];
}

/** Bytes of a UTF-16 unit of a name, if it is written as an escape: `\u0061`. */
const LONGEST_UNIT = 6;

/** Which members of JSON texts are added, replaced or removed. */
export class JsonChanges {
  readonly removed: ReadonlySet<string>;
  /** The values of added members, as JSON. */
  readonly added: ReadonlyMap<string, Buffer>;
  /** The most bytes that a name of these can have in a text, without its quotation marks. */
  readonly longestName: number;
  /** The lengths of these names in bytes, if they are written without escapes. */
  readonly #lengths: ReadonlySet<number>;
  readonly #names: ReadonlySet<string>;

  constructor({ add, remove }: JsonChangeOptions) {
    this.removed = new Set(remove);
    this.added = new Map(Object.entries(add).map(([name, value]) => [name, Buffer.from(JSON.stringify(value))]));
    this.#names = new Set([...this.removed, ...this.added.keys()]);
    const names = [...this.#names];
    this.#lengths = new Set(names.map((name) => Buffer.byteLength(name)));
    this.longestName = Math.max(0, ...names.map(({ length }) => LONGEST_UNIT * length));
  }

  /** The bytes of the member `name`, which is added. */
  member(name: string): Buffer {
    return Buffer.concat([Buffer.from(`${JSON.stringify(name)}:`), this.added.get(name)!]);
  }

  /**
   * The name in `bytes` from `start` to `end`, without its quotation marks, if it is one of these.
   * @param isEscaped whether it contains escapes
   */
  known(bytes: Buffer, start: number, end: number, isEscaped: boolean): string | undefined {
    const length = end - start;
    if (isEscaped ? length > this.longestName : !this.#lengths.has(length)) return undefined;
    const text = bytes.toString("utf8", start, end);
    const name = isEscaped ? (JSON.parse(`"${text}"`) as string) : text;
    return this.#names.has(name) ? name : undefined;
  }
}

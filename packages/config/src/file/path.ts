/** The position of a value: names of tables, and indexes in lists of tables. */
export type Path = readonly (string | number)[];

/** `tunnel.endpoints[0].server_url`. */
export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      const name = /^[\w-]+$/.test(part) ? part : JSON.stringify(part);
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

/** Returns the header of a table as written in the file: `[tunnel.auth]`, `[[tunnel.endpoints]]`. */
export function headerText(path: Path): string {
  const names = path.filter((part) => typeof part === "string").join(".");
  if (names === "") return "the file";
  return typeof path.at(-1) === "number" ? `[[${names}]]` : `[${names}]`;
}

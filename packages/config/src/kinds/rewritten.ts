import { notAllowed, type Kind, type Reading } from "./kind.js";

/** Text that `form` converts to its canonical form; undefined: it is not allowed. An integer is read as text. */
export function rewritten(
  name: string,
  allowed: string,
  schema: { type: string | string[] },
  form: (given: string) => string | undefined,
): Kind<string> {
  const kind: Kind<string> = {
    name,
    allowed,
    schema,
    read(value) {
      if (typeof value === "string") return kind.readText(value);
      const mayBeNumber = Array.isArray(schema.type) && typeof value === "number";
      return mayBeNumber ? kind.readText(String(value)) : notAllowed(kind);
    },
    readText(given): Reading<string> {
      const value = form(given);
      return value === undefined ? notAllowed(kind) : { value };
    },
    show: (value) => JSON.stringify(value),
  };
  return kind;
}

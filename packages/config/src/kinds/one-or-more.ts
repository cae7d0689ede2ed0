import type { Kind } from "./kind.js";
import { list } from "./list.js";

/** One value, or a list of them. In the environment and on the command line, it is one: a secret may have commas. */
export function oneOrMore<T>(of: Kind<T>): Kind<T[]> {
  const all = list(of);
  const kind: Kind<T[]> = {
    name: `${of.name} or ${all.name}`,
    allowed: `${of.allowed}, or ${all.allowed}`,
    schema: { anyOf: [of.schema, all.schema] },
    read: (value) => all.read(Array.isArray(value) ? value : [value]),
    readText(text) {
      const reading = of.readText(text);
      return "fault" in reading ? reading : { value: [reading.value] };
    },
    show: (values) => (values.length === 1 ? of.show(values[0]!) : all.show(values)),
  };
  return kind;
}

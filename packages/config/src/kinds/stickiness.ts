import { notAllowed, type Kind } from "./kind.js";

export type Stickiness = "off" | "address" | "cookie";

const VALUES: ReadonlyMap<unknown, Stickiness> = new Map<unknown, Stickiness>([
  [false, "off"],
  ["false", "off"],
  ["off", "off"],
  [true, "address"],
  ["true", "address"],
  ["address", "address"],
  ["cookie", "cookie"],
]);

/** What binds a visitor to a target. `true` in older files means its address. */
export function stickiness(): Kind<Stickiness> {
  const kind: Kind<Stickiness> = {
    name: '`false`, `"address"`, `"cookie"`',
    allowed: 'false, "address" (or true) or "cookie"',
    schema: { anyOf: [{ type: "boolean" }, { enum: ["address", "cookie"] }, { type: "string", pattern: "\\$\\{" }] },
    read(given) {
      const value = VALUES.get(typeof given === "string" ? given.trim().toLowerCase() : given);
      return value === undefined ? notAllowed(kind) : { value };
    },
    readText: (text) => kind.read(text),
    show: (value) => (value === "off" ? "false" : JSON.stringify(value)),
  };
  return kind;
}

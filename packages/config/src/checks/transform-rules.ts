import type { RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import type { RuleViolation } from "./rule-violation.js";

/** Checks which changes a route makes to bodies. */
export function* transformViolations(
  { middleware: { transform } }: RouteConfiguration,
  path: Path,
): Generator<RuleViolation> {
  for (const direction of ["request", "response"] as const) {
    const { replace_text, add_json_fields } = transform[direction];
    const place = [...path, "middleware", "transform", direction];
    for (const [index, { find = "" }] of replace_text.entries()) {
      const message = 'a replacement requires a text to find. Set find = "text"';
      if (find === "") yield { path: [...place, "replace_text", index], message };
    }
    for (const [name, value] of Object.entries(add_json_fields)) {
      const message = `the value of ${JSON.stringify(name)} contains a number that JSON does not have. Write a finite one.`;
      if (!isFiniteValue(value)) yield { path: [...place, "add_json_fields"], message };
    }
  }
}

function isFiniteValue(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isFiniteValue);
}

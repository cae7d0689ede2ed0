import type { Kind } from "./kind.js";
import { text } from "./text.js";

/** A port, or a range of ports: `20000-20100`. */
export function portRange(): Kind<string> {
  return text({
    what: "port range",
    pattern: /^\d{1,5}(-\d{1,5})?$/,
    example: "20000-20100",
    valid(given) {
      const [first = 0, last = first] = given.split("-").map(Number);
      return first >= 1 && first <= last && last <= 65_535;
    },
  });
}

import type { FilteredHead, ResponseFilter } from "../../filters/response-filter.js";
import type { Step, StepRequest } from "../step.js";

/** Headers that are added to responses without them. */
const HEADERS = [
  ["x-content-type-options", "X-Content-Type-Options: nosniff"],
  ["x-frame-options", "X-Frame-Options: SAMEORIGIN"],
  ["referrer-policy", "Referrer-Policy: strict-origin-when-cross-origin"],
  ["cross-origin-opener-policy", "Cross-Origin-Opener-Policy: same-origin-allow-popups"],
] as const;
/** A year. Without its subdomains, which may belong to others. */
const HTTPS_ONLY = ["strict-transport-security", "Strict-Transport-Security: max-age=31536000"] as const;

/** Adds headers that make browsers stricter, where the target has not set them. */
export class SecurityHeadersStep implements Step {
  readonly name = "security headers";
  readonly #plain = new MissingFields(HEADERS);
  readonly #secure = new MissingFields([...HEADERS, HTTPS_ONLY]);

  check(request: StepRequest): undefined {
    request.filter(request.site.startsWith("https:") ? this.#secure : this.#plain);
  }
}

/** Adds fields that a response does not have. */
class MissingFields implements ResponseFilter {
  readonly #fields: readonly (readonly [name: string, line: string])[];

  constructor(fields: readonly (readonly [name: string, line: string])[]) {
    this.#fields = fields;
  }

  begin(head: FilteredHead): undefined {
    for (const [name, line] of this.#fields) if (head.fieldValue(name) === "") head.add(line);
  }
}

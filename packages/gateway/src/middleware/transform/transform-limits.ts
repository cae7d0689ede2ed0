import { CODED_REQUEST_LIMITS } from "../../coded-requests/coded-exchange.js";
import { RULE_LIMITS } from "./body-changes.js";
import { DECODING_LIMITS } from "./body-decoder.js";
import { GROWTH_LIMITS } from "./body-edit.js";
import { MOST_JSON_SPACE } from "./json-editor.js";
import { JSON_DEPTH } from "./json-scanner.js";
import { REGEX_LIMITS } from "./regex-threads.js";

/** All limits of changes to bodies. */
export const TRANSFORM_LIMITS = {
  growth: GROWTH_LIMITS,
  decoding: DECODING_LIMITS,
  regex: REGEX_LIMITS,
  rules: RULE_LIMITS,
  json: { depth: JSON_DEPTH, space: MOST_JSON_SPACE },
  request: CODED_REQUEST_LIMITS,
} as const;

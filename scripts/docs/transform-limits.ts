import { TRANSFORM_LIMITS } from "@postern/gateway/service";
import { size, time } from "./quantity.ts";

const { growth, decoding, regex, rules, json, request } = TRANSFORM_LIMITS;
const REFUSED = "response: 502 PN_TRANSFORM_RESPONSE";

/** Limits of changes to bodies (transform.md). */
export const TRANSFORM_ROWS: [limited: string, value: string, beyond: string][] = [
  [
    "body that a regular expression changes (transform.md)",
    size(regex.body),
    `${REFUSED}; request: 413 PN_HTTP_BODY_TOO_LARGE`,
  ],
  ["time for the regular expressions of a body", time(regex.time), `${REFUSED}; request: 503 PN_TRANSFORM_BUSY`],
  [
    "bodies that wait for regular expressions, behind those that are being changed",
    `${regex.waiting}, behind ${regex.threads}`,
    `${REFUSED}; request: 503 PN_TRANSFORM_BUSY`,
  ],
  [
    "growth of a piece of a body through changes",
    `${growth.ratio} times, and ${size(growth.extra)}`,
    `${REFUSED}; request: 413 PN_HTTP_BODY_TOO_LARGE`,
  ],
  [
    "size of a compressed body that is changed, decompressed",
    `${decoding.ratio} times its compressed form, and ${size(decoding.extra)}`,
    `${REFUSED}; request: 413 PN_HTTP_BODY_TOO_LARGE`,
  ],
  [
    "levels of a JSON body that is changed; white space between two of its members",
    `${json.depth}; ${size(json.space)}`,
    `${REFUSED}; request: 400 PN_TRANSFORM_BODY`,
  ],
  [
    "changed body of a request that the target gets with its length",
    size(request.whole),
    "the target gets it in chunks while it arrives",
  ],
  [
    "text to find in bodies; text that replaces it; such rules for a direction",
    `${size(rules.find)}; ${size(rules.replace)}; ${rules.rules}`,
    "the configuration is not valid",
  ],
];

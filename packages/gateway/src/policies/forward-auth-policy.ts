import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";
import { publicUrl } from "./public-url.js";

const LONGEST = 1_024;

export const forwardAuth: PolicyKind = {
  key: "forward_auth",
  read(value, options) {
    const table = new PolicyTable(value, "forward_auth");
    const url = table.text("url", LONGEST) ?? invalid("forward_auth needs a url");
    const responseFields = table.texts("response_fields", LONGEST) ?? [];
    table.end();
    const checked = publicUrl(url, "url of forward_auth", ["https:", "http:"]);
    options.forwardAuth = { url: checked, responseFields, allowPrivate: false };
  },
  write: ({ forwardAuth: given }) => given && { url: given.url, response_fields: given.responseFields },
  words: ({ forwardAuth: given }) => given && "forward auth",
};

import { BCRYPT_COSTS } from "../middleware/basic-auth/hash-form.js";
import { readHtpasswd } from "../middleware/basic-auth/htpasswd-lines.js";
import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { textList } from "./policy-table.js";

const LONGEST_LINE = 512;

export const basicAuth: PolicyKind = {
  key: "basic_auth",
  read(value, options) {
    const users = readHtpasswd(textList(value, "basic_auth", LONGEST_LINE), BCRYPT_COSTS.client);
    if ("fault" in users) invalid(`basic_auth, line ${users.line}: ${users.fault}`);
    options.basicAuth = { users };
  },
  write: ({ basicAuth: given }) => given?.users.map(({ name, hash }) => `${name}:${hash}`),
  words: ({ basicAuth: given }) => given && "basic auth",
};

import { BCRYPT_COSTS, hashForm } from "../middleware/basic-auth/hash-form.js";
import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";

/** A password, by its hash. */
export const passwordFile: PolicyKind = {
  key: "password_file",
  read(value, options) {
    if (typeof value !== "string") invalid("password_file must be the hash of a password");
    const found = hashForm(value, BCRYPT_COSTS.client);
    if ("fault" in found) invalid(`password_file is ${found.fault}`);
    options.password = { hash: value };
  },
  write: ({ password }) => password?.hash,
  words: ({ password }) => password && "password page",
};

import { createRequire } from "node:module";
import { poisonReads, type Loans } from "./poison.js";

// Loaded by `node --import` into processes that tests start. Package net must be the same module that Postern loads,
// because it records the loans. Testkit itself does not need it.
const loans = createRequire(import.meta.url)("@postern/net") as Partial<Loans>;
poisonReads(loans.isLent === undefined ? undefined : (loans as Loans));

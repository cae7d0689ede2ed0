import { createRequire } from "node:module";
import { poisonReads, type Loans } from "./poison.js";

// Loaded by `node --import` into processes that tests start. Package net must be the very module that Postern loads,
// since it keeps the loans; testkit itself does without it.
const loans = createRequire(import.meta.url)("@postern/net") as Partial<Loans>;
poisonReads(loans.isLent === undefined ? undefined : (loans as Loans));

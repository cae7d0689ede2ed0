import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";

const LONGEST = 254;
/** The shortest time until the provider is asked again, and the default, in milliseconds. */
const [SHORTEST, MAX_AGE] = [60_000, 28_800_000];

export const oidc: PolicyKind = {
  key: "oidc",
  read(value, options) {
    const table = new PolicyTable(value, "oidc");
    const emails = table.texts("emails", LONGEST) ?? [];
    const domains = table.texts("domains", LONGEST) ?? [];
    const groups = table.texts("groups", LONGEST) ?? [];
    const maxAge = table.integer("max_age", SHORTEST) ?? MAX_AGE;
    table.end();
    if (!emails.every((each) => /^[^@]+@[^@]+$/.test(each))) invalid("emails of oidc has an entry without one @");
    if (domains.some((each) => each.includes("@"))) invalid("domains of oidc has an entry with @");
    options.oidc = { emails: sorted(emails), domains: sorted(domains), groups: [...groups].toSorted(), maxAge };
  },
  write: ({ oidc: given }) =>
    given && { emails: given.emails, domains: given.domains, groups: given.groups, max_age: given.maxAge },
  words({ oidc: given }) {
    if (given === undefined) return undefined;
    const parts = Object.entries({ email: given.emails, domain: given.domains, group: given.groups });
    const counts = parts.flatMap(([name, list]) => (list.length === 0 ? [] : countText(name, list.length)));
    return counts.length === 0 ? "login" : `login (${counts.join(", ")})`;
  },
};

/** In one form, so that the same lists are the same policy. */
function sorted(list: readonly string[]): string[] {
  return [...new Set(list.map((each) => each.toLowerCase()))].toSorted();
}

function countText(name: string, count: number): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";

const LONGEST = 254;
const LISTS = ["emails", "domains", "groups"];
/** The shortest time until the provider is asked again, in milliseconds. */
const SHORTEST = 60_000;

export const oidc: PolicyKind = {
  key: "oidc",
  read(value, options) {
    const table = new PolicyTable(value, "oidc");
    const [emails, domains, groups] = LISTS.map((name) => {
      const list = table.texts(name, LONGEST);
      // It could mean everybody as well as nobody.
      if (list?.length === 0) invalid(`${name} of oidc is empty`);
      return list ?? [];
    }) as [string[], string[], string[]];
    const maxAge = table.integer("max_age", SHORTEST) ?? invalid("oidc needs max_age");
    table.end();
    if (!emails.every((each) => /^[^@]+@[^@]+$/.test(each))) invalid("emails of oidc has an entry without one @");
    if (domains.some((each) => each.includes("@"))) invalid("domains of oidc has an entry with @");
    options.oidc = { emails: sorted(emails), domains: sorted(domains), groups: [...groups].toSorted(), maxAge };
  },
  write: ({ oidc: given }) =>
    given && {
      emails: unlessEmpty(given.emails),
      domains: unlessEmpty(given.domains),
      groups: unlessEmpty(given.groups),
      max_age: given.maxAge,
    },
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

function unlessEmpty(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function countText(name: string, count: number): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

import { expect, test } from "vitest";
import { IDENTITY_LIMITS, identityLines, identityOf } from "./identity.js";

test("an email address counts only if the provider has verified it", () => {
  const emailOf = (claims: object): string | undefined => identityOf({ sub: "1", email: "a@b", ...claims }, [])?.email;
  for (const email_verified of [true, "true"]) expect(emailOf({ email_verified })).toBe("a@b");
  for (const email_verified of [false, "false", undefined, null, 1, "yes", {}])
    expect(emailOf({ email_verified })).toBe("");
});

test("without a subject that fits there is no identity", () => {
  for (const sub of [undefined, null, 1, "", " ", "a\r\nb", "a".repeat(IDENTITY_LIMITS.subject + 1)])
    expect(identityOf({ sub }, [])).toBeUndefined();
  expect(identityOf({ sub: "a".repeat(IDENTITY_LIMITS.subject) }, [])).toBeDefined();
});

test("groups are texts, alone or in a list; others are dropped", () => {
  const groupsOf = (groups: unknown): readonly string[] | undefined => identityOf({ sub: "1", groups }, [])?.groups;
  expect(groupsOf("staff")).toEqual(["staff"]);
  expect(groupsOf(["staff", 1, null, { a: 1 }, "", "a\nb", "staff", "ops"])).toEqual(["staff", "ops"]);
  for (const none of [undefined, null, {}, 5, [[]]]) expect(groupsOf(none)).toEqual([]);
});

test("of more groups than fit into a cookie, those of the policy are kept", () => {
  const groups = Array.from({ length: 500 }, (_, n) => `group-${n}`);
  const { groups: kept } = identityOf({ sub: "1", groups }, ["group-499"])!;
  expect(kept[0]).toBe("group-499");
  expect(kept.length).toBeLessThan(200);
  expect(JSON.stringify(kept).length).toBeLessThanOrEqual(IDENTITY_LIMITS.groups + 1);
});

test("targets get UTF-8, and no field for what is not known; a group with a comma cannot stand for two", () => {
  expect(identityLines({ subject: "1", email: "", groups: [] })).toBe("X-Forwarded-User: 1\r\n");
  const lines = identityLines({ subject: "1", email: "ä@b", groups: ["ops", "x,admins"] });
  expect(Buffer.from(lines, "latin1").toString()).toBe(
    "X-Forwarded-User: 1\r\nX-Forwarded-Email: ä@b\r\nX-Forwarded-Groups: ops\r\n",
  );
});

import { expect, test } from "vitest";
import { QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import { identityEdits } from "../middleware/oidc/identity.js";
import type { FieldEdits, Step } from "../middleware/step.js";
import { Visit } from "./visits.suite.js";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A visit to a route with these steps. */
function guarded(...steps: Step[]): Visit {
  const visit = new Visit();
  visit.upstream.route.steps = stepsOf(...steps);
  return visit;
}

/** A step that changes fields. */
function editing(edits: FieldEdits): QuickStep {
  return new QuickStep((request) => {
    request.edit(edits);
    return undefined;
  });
}

test("steps set the same field: the later one wins, it is sent once, and the later user counts", () => {
  const users: (string | undefined)[] = [];
  const userStep = (): QuickStep => new QuickStep(({ principal }) => void users.push(principal));
  // As basic_auth and then forward_auth with response_fields = ["X-Forwarded-User"].
  const visit = guarded(
    editing({
      names: ["authorization", "x-forwarded-user"],
      lines: "X-Forwarded-User: ann\r\nX-Kept: 1\r\n",
      principal: "ann",
    }),
    userStep(),
    editing({ names: ["x-forwarded-user"], lines: "x-forwarded-user: bob\r\n", principal: "bob" }),
    userStep(),
  );
  const fields = "Authorization: Basic x\r\nX_Forwarded_User: theirs\r\n";
  visit.send(`GET / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`);
  const lines = visit.upstream.stream.text.split("\r\n");
  expect(lines.filter((line) => /^(x.forwarded.user|authorization|x-kept):/i.test(line)).toSorted()).toEqual([
    "X-Kept: 1",
    "x-forwarded-user: bob",
  ]);
  expect(users).toEqual(["ann", "bob"]);
});

test("steps change the request and the response: what all of them add is kept, and so is the user that one names", () => {
  let user: string | undefined;
  const visit = guarded(
    editing({ names: ["cookie"], lines: "Cookie: a=1; b=2\r\n", responseLines: "Set-Cookie: one=1\r\n" }),
    editing(identityEdits("X-Forwarded-User: ann\r\nX-Forwarded-Email: a@b.test\r\n", "ann", "a=1")),
    editing({
      names: ["x-forwarded-email"],
      lines: "X-Forwarded-Email: c@d.test\r\n",
      responseLines: "Set-Cookie: two=2\r\n",
    }),
    new QuickStep(({ principal }) => void (user = principal)),
  );
  visit.send("GET / HTTP/1.1\r\nHost: a.test\r\nCookie: a=1; b=2; c=3\r\nX-Forwarded-Groups: admins\r\n\r\n");
  const lines = visit.upstream.stream.text.split("\r\n");
  expect(lines.filter((line) => /^(cookie|x-forwarded-(user|email|groups)):/i.test(line))).toEqual([
    "X-Forwarded-User: ann",
    "Cookie: a=1",
    "X-Forwarded-Email: c@d.test",
  ]);
  expect(user).toBe("ann");
  visit.respond(OK);
  expect(visit.connection.take()).toMatch(/\r\nSet-Cookie: one=1\r\nSet-Cookie: two=2\r\n/);
});

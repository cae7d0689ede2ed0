import { describe, expect, test } from "vitest";
import { QuickStep, SlowStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import { identityEdits } from "../middleware/oidc/identity.js";
import { editing, guarded } from "./guarded-visits.suite.js";

const CHUNKED = "POST /up HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("steps set no cookie for a domain that several owners share, whether they admit a request or respond to it", () => {
  const [own, shared] = ["a=1; Domain=shop.tunnel.example.com", "b=2; Domain=example.com"];
  const visit = guarded(
    new QuickStep((request) => {
      request.edit({ names: [], lines: "", responseLines: `Set-Cookie: ${shared}\r\nSet-Cookie: ${own}\r\n` });
      if (request.path === "/list") return { status: 302, text: "", fields: { "set-cookie": [own, shared] } };
      return request.path === "/one" ? { status: 403, text: "", fields: { "Set-Cookie": shared } } : undefined;
    }),
  );
  for (const path of ["/admitted", "/list", "/one"]) {
    visit.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    if (path === "/admitted") visit.respond(OK);
    const cookies = visit.connection.take().match(/^set-cookie: .*$/gim) ?? [];
    expect(cookies.map((line) => line.slice("set-cookie: ".length))).toEqual(path === "/one" ? [] : [own]);
  }
});

test("a step knows what earlier steps have made of a field", () => {
  const seen: unknown[] = [];
  const visit = guarded(
    editing({ names: ["authorization", "cookie"], lines: "Cookie: a=1\r\n" }),
    editing({ names: ["x-user"], lines: "X-User: me\r\n" }),
    new QuickStep((request) => {
      for (const name of ["authorization", "cookie", "x-user", "accept"]) seen.push(request.changedValue(name));
      return undefined;
    }),
  );
  visit.send("GET / HTTP/1.1\r\nHost: a.test\r\nAuthorization: x\r\nCookie: b=2\r\nAccept: y\r\n\r\n");
  expect(seen).toEqual(["", "a=1", "me", undefined]);
});

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

describe("trailers", () => {
  test.each(["X-Key", "x_key", "X.KEY"])("cannot stand for a field that a step sends: %s", (name) => {
    const visit = guarded(editing({ names: ["x-key"], lines: "X-Key: ours\r\n" }));
    visit.send(`${CHUNKED}1\r\na\r\n0\r\n${name}: forged\r\nX-Other: kept\r\n\r\n`);
    expect(visit.upstream.stream.text).toMatch(/X-Key: ours/);
    expect(visit.upstream.stream.text).toMatch(/0\r\nX-Other: kept\r\n\r\n$/);
    visit.respond(OK);
    visit.upstream.route.steps = stepsOf();
    visit.send(`${CHUNKED}1\r\na\r\n0\r\n${name}: free\r\n\r\n`);
    expect(visit.upstream.stream.text).toContain(`0\r\n${name}: free\r\n\r\n`);
  });

  test("cannot stand for a field that a step sends after it has waited", async () => {
    const slow = new SlowStep();
    const visit = guarded(slow, editing({ names: ["x-key"], lines: "" }));
    visit.send(`${CHUNKED}1\r\na\r\n0\r\nX-Key: forged\r\n\r\n`);
    await slow.decide();
    expect(visit.upstream.stream.text).toMatch(/1\r\na\r\n0\r\n\r\n$/);
  });
});

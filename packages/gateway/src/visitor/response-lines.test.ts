import { expect, test } from "vitest";
import { DENIED, QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import { Visit } from "./visits.suite.js";

const GET = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("lines of steps for the response are added to it, whoever writes it, and to no other one", () => {
  const cookie = (text: string): QuickStep => {
    return new QuickStep((request) => {
      if (request.path === "/none") return undefined;
      request.edit({ names: [], lines: "", responseLines: `Set-Cookie: ${text}\r\n` });
      return request.path === "/denied" && text === "b" ? DENIED : undefined;
    });
  };
  const visit = new Visit();
  visit.upstream.route.steps = stepsOf(cookie("a"), new QuickStep(), cookie("b"));
  visit.send(GET);
  visit.respond("HTTP/1.1 200 OK\r\nSet-Cookie: own\r\nContent-Length: 2\r\n\r\nok");
  expect(visit.connection.take()).toMatch(/Set-Cookie: own\r\n[^]*Set-Cookie: a\r\nSet-Cookie: b\r\n/);
  visit.send(GET);
  visit.upstream.stream.break({ cause: "refused", delivered: 0 });
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 502 [^]*Set-Cookie: a\r\nSet-Cookie: b\r\n/);
  for (const path of ["/none", "/denied"]) {
    visit.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    if (path === "/none") visit.respond(OK);
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 (?!.*Set-Cookie)/);
  }
});

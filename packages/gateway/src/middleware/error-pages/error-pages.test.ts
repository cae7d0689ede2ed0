import { expect, test } from "vitest";
import { refusals } from "../../http/index.js";
import { DENIED, QuickStep } from "../chain/scripted-steps.suite.js";
import { DoublingFilter } from "../../filters/scripted-filters.suite.js";
import { MaintenanceStep } from "../maintenance/maintenance-step.js";
import { RequestIdStep } from "../request-id/request-id-step.js";
import { CorsStep } from "../cors/cors-step.js";
import { HeaderStep } from "../headers/header-step.js";
import { SecurityHeadersStep } from "../headers/security-headers-step.js";
import { stepsOf } from "../chain/scripted-steps.suite.js";
import type { Step } from "../step.js";
import { Visit } from "../../visitor/visits.suite.js";
import { ERROR_PAGE_LIMITS, ErrorPages } from "./error-pages.js";
import { ErrorPagesStep } from "./error-pages-step.js";

function visitTo(...steps: Step[]): Visit {
  const visit = new Visit();
  visit.upstream.route.steps = stepsOf(...steps);
  return visit;
}

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\nAccept: text/html\r\n\r\n";
const FOR_PROGRAMS = GET.replace("text/html", "application/json");
const PAGES = { pages: { 502: "<p>{status} {code} {request_id}", "4xx": "<p>class {status}" } };

test("browsers get the page of the operator for an error, programs get JSON", () => {
  const visit = visitTo(new ErrorPagesStep(PAGES));
  for (const request of [GET, FOR_PROGRAMS]) {
    visit.send(request);
    visit.upstream.stream.break({ cause: "refused", delivered: 0 });
  }
  const [page, json] = visit.connection.take().split(/(?=HTTP\/1\.1 )/);
  expect(page).toMatch(/^HTTP\/1\.1 502 [^]*Postern-Error: PN_ORIGIN_REFUSED\r\n[^]*<p>502 PN_ORIGIN_REFUSED [\w-]+$/);
  expect(page).toContain("Content-Type: text/html; charset=utf-8\r\n");
  const [, id] = /X-Request-Id: (\S+)/.exec(page!) ?? [];
  expect(page!.endsWith(` ${id}`)).toBe(true);
  expect(json).toContain('"code":"PN_ORIGIN_REFUSED"');
});

test("a step that refuses gets the page, too, and its own headers remain", () => {
  const refusal = { ...refusals.PN_ACCESS_PASSWORD, fields: { "WWW-Authenticate": "Basic" } };
  const visit = visitTo(new ErrorPagesStep(PAGES), new QuickStep(() => refusal));
  visit.send(GET);
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 401 [^]*WWW-Authenticate: Basic\r\n[^]*<p>class 401$/);
});

test("pages with a form or a link, which visitors need, remain", () => {
  const pages = new ErrorPages(PAGES.pages);
  const prompt = { title: "", message: "", action: "/", to: "/" };
  expect(pages.inPlaceOf({ ...refusals.PN_ACCESS_PASSWORD_PAGE, prompt }, "")).toMatchObject({ prompt });
  const link = { text: "a", href: "/" };
  expect(pages.inPlaceOf({ ...refusals.PN_ACCESS_LOGIN_EXPIRED, link }, "")).toMatchObject({ link });
  expect(pages.inPlaceOf(DENIED, "")).toBe(DENIED);
});

test("bodies of errors of the target are replaced only if that is asked for", () => {
  const notFound = 'HTTP/1.1 404 Not Found\r\nETag: "a"\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\norig';
  for (const targets of [false, true]) {
    const visit = visitTo(new ErrorPagesStep({ ...PAGES, targets }));
    visit.send(GET);
    for (const byte of notFound) visit.respond(byte);
    const response = visit.connection.take();
    expect(response).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(response.endsWith(targets ? "\r\n\r\n<p>class 404" : "\r\n\r\norig")).toBe(true);
    expect(/etag|text\/plain/i.test(response)).toBe(!targets);
    visit.send(GET);
    visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    expect(visit.connection.take()).toMatch(/ok$/);
  }
});

test("an error without a body gets the page, and a response to HEAD does not claim the length of another body", () => {
  const visit = visitTo(new ErrorPagesStep({ ...PAGES, targets: true }));
  visit.send(GET);
  visit.respond("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 404 [^]*Content-Length: 12\r\n[^]*\r\n\r\n<p>class 404$/);
  visit.send(GET.replace("GET", "HEAD"));
  visit.respond("HTTP/1.1 404 Not Found\r\nContent-Length: 5000\r\n\r\n");
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 404 (?:(?!Content-Length)[^])*\r\n\r\n$/);
});

test("what a request says is text in a page", () => {
  expect(new ErrorPages({ 404: "{request_id}" }).page(404, "", "<b>")).toBe("&lt;b&gt;");
});

test.each([
  [{ 200: "" }, "200 is not the status of an error"],
  [{ "6xx": "" }, "6xx is not the status"],
  [{ 404: "x".repeat(ERROR_PAGE_LIMITS.page + 1) }, "more than 256 KiB"],
])("a page for %j is an error", (pages, message) => {
  expect(() => new ErrorPages(pages as Record<string, string>)).toThrow(message);
});

test("while a service is maintained, only some addresses are served", () => {
  const closed = visitTo(new MaintenanceStep({ allow: ["198.51.100.0/24"], retryAfter: 60 }));
  closed.send(GET);
  expect(closed.connection.take()).toMatch(
    /^HTTP\/1\.1 503 [^]*Postern-Error: PN_ROUTE_MAINTENANCE\r\nRetry-After: 60\r\n/,
  );
  expect(closed.upstream.streams).toEqual([]);
  const own = visitTo(new MaintenanceStep({ page: "<p>soon" }));
  own.send(GET);
  expect(own.connection.take()).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 300\r\n[^]*<p>soon$/);
  own.send(FOR_PROGRAMS);
  expect(own.connection.take()).toMatch(/^HTTP\/1\.1 503 [^]*<p>soon$/);
  const open = visitTo(new MaintenanceStep({ allow: ["192.0.2.1"] }));
  open.send(GET);
  expect(open.upstream.streams).toHaveLength(1);
});

test("the id of a request is the same for its target, its visitor and pages of the gateway", () => {
  const visit = visitTo(new RequestIdStep({ requestHeader: "X-Correlation", responseHeader: "X-Request-Id" }));
  visit.send(GET.replace("Accept", "X-Correlation: forged\r\nAccept"));
  const { text } = visit.upstream.stream;
  const [, id] = /X-Request-Id: (\S+)\r\n/.exec(text) ?? [];
  expect(text.match(/^X-Correlation: .*$/gm)).toEqual([`X-Correlation: ${id}`]);
  visit.respond("HTTP/1.1 200 OK\r\nX-Request-Id: other\r\nContent-Length: 2\r\n\r\nok");
  expect(visit.connection.take().match(/^X-Request-Id: .*$/gm)).toEqual([`X-Request-Id: ${id}`]);
  visit.send(GET);
  visit.upstream.stream.break({ cause: "refused", delivered: 0 });
  const page = visit.connection.take();
  expect(page.match(/^X-Request-Id: .*$/gm)).toHaveLength(1);
  expect(page).not.toContain(id);
});

test("a page of another origin can read that a step refuses it", () => {
  const visit = visitTo(
    new CorsStep({ origins: ["https://app.example"] }),
    new QuickStep(() => refusals.PN_ACCESS_TOKEN),
  );
  visit.send(GET.replace("Accept", "Origin: https://app.example\r\nAccept"));
  expect(visit.connection.take()).toMatch(
    /^HTTP\/1\.1 401 [^]*Access-Control-Allow-Origin: https:\/\/app\.example\r\n/,
  );
});

test("headers that are set or removed apply to pages of the gateway as well", () => {
  const visit = visitTo(
    new HeaderStep({ response: { set: { "Cache-Control": "private" }, remove: ["Postern-Error"] } }),
  );
  visit.send(GET);
  visit.upstream.stream.break({ cause: "refused", delivered: 0 });
  const page = visit.connection.take();
  expect(page.match(/^Cache-Control: .*$/gm)).toEqual(["Cache-Control: private"]);
  expect(page).not.toContain("Postern-Error");
});

test("headers that are removed or set also count for those that a filter adds, whether the body is coded or not", () => {
  const options = { response: { set: { "Referrer-Policy": "origin" }, remove: ["X-Frame-Options"] } };
  for (const coder of [[], [new DoublingFilter()]]) {
    const coding = new QuickStep((request) => {
      for (const filter of coder) request.filter(filter);
      return undefined;
    });
    const visit = visitTo(new SecurityHeadersStep(), new HeaderStep(options), coding);
    visit.send(GET);
    visit.respond("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const response = visit.connection.take();
    expect(response.match(/^Referrer-Policy: .*$/gm)).toEqual(["Referrer-Policy: origin"]);
    expect(response).not.toContain("X-Frame-Options");
    expect(response).toContain("X-Content-Type-Options: nosniff\r\n");
  }
});

test("security headers are added where the target has none", () => {
  const visit = visitTo(new SecurityHeadersStep());
  visit.send(GET);
  visit.respond("HTTP/1.1 200 OK\r\nX-Frame-Options: DENY\r\nContent-Length: 2\r\n\r\nok");
  const response = visit.connection.take();
  expect(response.match(/^X-Frame-Options: .*$/gm)).toEqual(["X-Frame-Options: DENY"]);
  expect(response).toMatch(/\r\nX-Content-Type-Options: nosniff\r\n/);
  expect(response).not.toContain("Strict-Transport-Security");
  expect(response).toMatch(/\r\n\r\nok$/);
});

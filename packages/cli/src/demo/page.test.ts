import fc from "fast-check";
import { expect, test } from "vitest";
import { demoPage } from "./page.js";
import type { ReceivedRequest } from "./received-request.js";

const places = { server: "127.0.0.1:8080", service: "127.0.0.1:3000" };
const received: ReceivedRequest = {
  method: "GET",
  path: "/a?b=c",
  httpVersion: "1.1",
  headers: [
    ["Host", "my-app.localhost:8080"],
    ["X-Forwarded-For", "192.0.2.7"],
  ],
  from: "127.0.0.1:51000",
  visitor: "192.0.2.7",
  publicHost: "my-app.localhost:8080",
};

/** The page with everything between quotes and tags taken out: what is left is its structure. */
const structure = (page: string): string => page.replace(/>[^<]*</g, "><");

test("the page shows the request, and marks what the server has set", () => {
  const page = demoPage(received, places);
  expect(page).toContain("<dt>Host</dt><dd>my-app.localhost:8080</dd>");
  expect(page).toMatch(/<div class="set"><dt>X-Forwarded-For<\/dt><dd>192\.0\.2\.7<small>/);
  expect(page).toContain("127.0.0.1:3000");
});

test("nothing on it is inline or from elsewhere", () => {
  const page = demoPage(received, places);
  expect(page).not.toMatch(/<script(?![^>]* src="\/)[^>]*>|<style|\sstyle=|\son\w+=/);
  expect(page).not.toMatch(/(src|href)="(?!\/)/);
});

test("whatever a visitor sends is text on the page and changes nothing of its structure", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("<script>alert(1)</script>", `"><img src=x>`, "'&<!--", "]]>"));
  const plain = structure(demoPage({ ...received, headers: [["A", "b"]] }, places));
  fc.assert(
    fc.property(text, text, text, text, (method, path, name, value) => {
      const hostile = { method, path, httpVersion: value, from: name, visitor: value, publicHost: value };
      const page = demoPage({ ...hostile, headers: [[`z${name}`, value]] }, places);
      expect(structure(page)).toBe(plain);
    }),
  );
});

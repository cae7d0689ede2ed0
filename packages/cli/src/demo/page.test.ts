import fc from "fast-check";
import { expect, test } from "vitest";
import { demoPage } from "./page.js";
import type { ReceivedRequest } from "./received-request.js";

const addresses = { server: "127.0.0.1:8080", service: "127.0.0.1:3000" };
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

/** The page without the text between its tags, and without the places where a value may break. */
const structure = (page: string): string => page.replaceAll("<wbr>", "").replace(/>[^<]*</g, "><");

test("the page shows the request and highlights the fields that the server sets", () => {
  const page = demoPage(received, addresses);
  expect(page).toContain("<dt>Host</dt><dd>my-app.localhost:8080</dd>");
  expect(page).toMatch(/<div class="set"><dt>X-Forwarded-For<\/dt><dd>192\.0\.2\.7<small>/);
  expect(page).toContain("127.0.0.1:3000");
});

test("a long value may break after its separators", () => {
  const page = demoPage({ ...received, headers: [["Accept", "a/b,c;q=1, d"]] }, addresses);
  expect(page).toContain("<dd>a/b,<wbr>c;<wbr>q=1, d</dd>");
});

test("the page has no inline code and no resources of other origins", () => {
  const page = demoPage(received, addresses);
  expect(page).not.toMatch(/<script(?![^>]* src="\/)[^>]*>|<style|\sstyle=|\son\w+=/);
  expect(page).not.toMatch(/(src|href)="(?!\/)/);
});

test("text of a visitor does not change the structure of the page", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("<script>alert(1)</script>", `"><img src=x>`, "'&<!--", "]]>"));
  const plain = structure(demoPage({ ...received, headers: [["A", "b"]] }, addresses));
  fc.assert(
    fc.property(text, text, text, text, (method, path, name, value) => {
      const hostile = { method, path, httpVersion: value, from: name, visitor: value, publicHost: value };
      const page = demoPage({ ...hostile, headers: [[`z${name}`, value]] }, addresses);
      expect(structure(page)).toBe(plain);
    }),
  );
});

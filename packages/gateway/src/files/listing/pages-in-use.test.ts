import { expect, test } from "vitest";
import { PagesInUse } from "./pages-in-use.js";

test("visitors that read nothing hold a bounded number of different pages, and share those that are the same", () => {
  const pages = new PagesInUse(1_000);
  const page = Buffer.alloc(600);
  for (let n = 0; n < 1_000; n++) expect(pages.use(page)).toBe(true);
  expect(pages.bytes).toBe(600);
  expect(pages.use(Buffer.alloc(400))).toBe(true);
  expect(pages.use(Buffer.alloc(1))).toBe(false);
  for (let n = 0; n < 999; n++) pages.release(page);
  expect(pages.bytes).toBe(1_000);
  pages.release(page);
  expect(pages.bytes).toBe(400);
});

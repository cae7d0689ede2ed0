import { expect, test } from "vitest";
import { cacheControlOf, hasContentHash } from "./cache-rule.js";

test.for([
  "/assets/index-DiwrgTda.js",
  "/assets/index-B2kYc_x1.css",
  "/app.3f9c2b1d.js",
  "/app.3f9c2b1d.js.map",
  "/main.5c2f8a0b9d1e4f6a7b8c.chunk.css",
  "/logo-4QZ3JX7A.svg",
])("%s names its content", (path) => expect(hasContentHash(path)).toBe(true));

test.for([
  "/app.js",
  "/my-component.js",
  "/report-20260102.pdf",
  "/Holiday-Pictures.jpg",
  "/jquery-3.6.0.min.js",
  "/photo-Holiday1.jpg",
  "/index-DiwrgTda.html",
  "/3f9c2b1d.d/app.js",
])("%s does not", (path) => expect(hasContentHash(path)).toBe(false));

test("only names with a hash are immutable, and only if that is wanted", () => {
  expect(cacheControlOf("/app.3f9c2b1d.js", "no-cache", true)).toBe("public, max-age=31536000, immutable");
  expect(cacheControlOf("/app.3f9c2b1d.js", "no-cache", false)).toBe("no-cache");
  expect(cacheControlOf("/app.js", "max-age=60", true)).toBe("max-age=60");
});

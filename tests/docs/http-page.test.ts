import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RESPONSE_REPAIRS } from "@postern/gateway";

test("docs/http.md lists every repair of a response, and only them", () => {
  const page = readFileSync(new URL("../../docs/http.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("## Flawed responses");
  const listed = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, repair]) => repair);
  expect(listed).toEqual(RESPONSE_REPAIRS);
});

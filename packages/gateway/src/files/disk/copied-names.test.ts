import { expect, test } from "vitest";
import { originalsOf } from "./copied-names.js";

test("the name of a copy leads to those of its originals", () => {
  expect(originalsOf("/a/key.pem")).toEqual([]);
  for (const ending of [".gz", ".br", ".zst", "~", ".bak", ".old", ".orig", ".save", ".tmp", ".swp", ".BAK"])
    expect(originalsOf(`/a/key.pem${ending}`)).toEqual(["/a/key.pem"]);
  expect(originalsOf("/a/key.pem.bak.gz")).toEqual(["/a/key.pem.bak", "/a/key.pem"]);
  expect(originalsOf("/a/.key.pem.swp")).toEqual(["/a/.key.pem", "/a/key.pem"]);
  expect(originalsOf(`/a/${"~".repeat(100)}`)).toHaveLength(3);
});

import { expect, test } from "vitest";
import { originalsOf } from "./copied-names.js";

test.for([
  ["compressed", [".gz", ".br", ".zst", ".xz", ".bz2", ".lz4", ".zip", ".7z"]],
  ["made by hand", [".bak", ".BAK", ".bak2", ".backup", ".old", ".orig", ".copy", ".1", ".2026-11-27", "-20261127"]],
  ["made by an editor", ["~", ".~1~", ".save", ".sav", ".tmp", ".swp", ".swo"]],
  ["made by a package or a patch", [".dpkg-old", ".dpkg-dist", ".ucf-old", ".rpmsave", ".rpmnew", ".pacnew", ".rej"]],
] as const)("the name of a copy that is %s leads to its original", ([, endings]) => {
  for (const ending of endings) expect(originalsOf(`/a/key.pem${ending}`), ending).toEqual(["/a/key.pem"]);
});

test("the name of a copy of a copy leads to both originals", () => {
  expect(originalsOf("/a/key.pem.bak.gz")).toEqual(["/a/key.pem.bak", "/a/key.pem"]);
  expect(originalsOf("/a/key.pem.save.1")).toEqual(["/a/key.pem.save", "/a/key.pem"]);
  expect(originalsOf(`/a/${"~".repeat(100)}`)).toHaveLength(3);
});

test("what an editor keeps of a file that is being edited has more before its name", () => {
  expect(originalsOf("/a/.key.pem.swp")).toEqual(["/a/.key.pem", "/a/key.pem"]);
  expect(originalsOf("/a/#key.pem#")).toEqual(["/a/key.pem"]);
});

test("other names are those of no copies", () => {
  for (const name of ["key.pem", "app.min.js", "photo-2026.jpg", "#", "##", "a.br/b"])
    expect(originalsOf(`/a/${name}`), name).toEqual([]);
});

import { expect, test } from "vitest";
import { RootFolder } from "./root-folder.js";
import { SecretFiles } from "./secret-files.js";
import { SharedDisk } from "./shared-disk.js";
import { Slabs } from "./slabs.js";

test("a disk is slow for a second after two look-ups within a second took long", () => {
  let now = 0;
  const disk = new SharedDisk();
  const options = { followLinks: false, secrets: new SecretFiles({ paths: [], disk }), slabs: new Slabs() };
  const folder = new RootFolder(disk.add("/site"), { ...options, now: () => now });
  folder.onSlow();
  expect(folder.isSlow).toBe(false);
  now = 1_000;
  folder.onSlow();
  expect(folder.isSlow).toBe(false);
  now = 1_999;
  folder.onSlow();
  expect(folder.isSlow).toBe(true);
  now = 2_999;
  expect(folder.isSlow).toBe(false);
});

import { expect, test } from "vitest";
import { MountTable } from "./mount-table.js";

const TABLE = new MountTable(`22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /proc rw - proc proc rw
30 22 254:0 /srv/state /site/data rw shared:1 - ext4 /dev/vda rw
31 22 254:0 /srv/state/a.log /site/a\\040b.log rw - ext4 /dev/vda rw
32 22 254:16 / /mnt rw - ext4 /dev/vdb rw
33 32 254:0 /srv /mnt/srv rw - ext4 /dev/vda rw
34 22 254:0 /old /twice rw - ext4 /dev/vda rw
35 34 254:0 /new /twice rw - ext4 /dev/vda rw
`);

test("a folder has the same place under each of its paths", () => {
  for (const path of ["/srv/state", "/site/data", "/mnt/srv/state"]) {
    expect(TABLE.placeOf(path)).toBe("254:0/srv/state");
    expect(TABLE.placeOf(`${path}/x/y`)).toBe("254:0/srv/state/x/y");
  }
  expect(TABLE.placeOf("/site/a b.log")).toBe("254:0/srv/state/a.log");
  expect(TABLE.placeOf("/site/database")).toBe("254:0/site/database");
  expect(TABLE.placeOf("/mnt/x")).toBe("254:16/x");
  expect(TABLE.placeOf("/twice/x")).toBe("254:0/new/x");
});

test("without a table no place is known", () => {
  expect(new MountTable("").placeOf("/srv/state")).toBeUndefined();
});

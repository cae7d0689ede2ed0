import { isIP } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readAddress } from "./ip-address.js";

function read(text: string): string {
  const words = new Uint32Array(4);
  const version = readAddress(text, words);
  if (version === 4) return `4 ${words[0]!.toString(16)}`;
  return version === 6 ? `6 ${[...words].map((word) => word.toString(16).padStart(8, "0")).join("")}` : "none";
}

test.each([
  ["192.0.2.1", "4 c0000201"],
  ["255.255.255.255", "4 ffffffff"],
  ["::", "6 00000000000000000000000000000000"],
  ["::1", "6 00000000000000000000000000000001"],
  ["1::", "6 00010000000000000000000000000000"],
  ["2001:DB8:0:f::1:2", "6 20010db80000000f0000000000010002"],
  ["1:2:3:4:5:6:7:8", "6 00010002000300040005000600070008"],
  ["1:2:3:4:5:6:7::", "6 00010002000300040005000600070000"],
  ["::ffff:192.0.2.1", "6 00000000000000000000ffffc0000201"],
  ["1:2:3:4:5:6:192.0.2.1", "6 000100020003000400050006c0000201"],
])("%s has the bits %s", (text, expected) => expect(read(text)).toBe(expected));

const parts = fc.constantFrom("", ":", "::", "0", "1", "ff", "FFFF", "12345", "g", ".", "1.2.3.4", "256", "%eth0", " ");

test("a text is an address exactly if it is one for Node, and its bits are those of its canonical form", () => {
  const texts = fc.oneof(
    fc.ipV6(),
    fc.ipV4(),
    fc.array(parts, { maxLength: 12 }).map((all) => all.join("")),
    fc.array(parts, { maxLength: 10 }).map((all) => all.join(":")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const version = text.includes("%") ? 0 : isIP(text);
      const found = read(text);
      expect(found === "none" ? 0 : Number(found[0]), text).toBe(version);
      if (version === 6) expect(read(new URL(`http://[${text}]`).hostname.slice(1, -1))).toBe(found);
    }),
    { numRuns: 5_000 },
  );
});

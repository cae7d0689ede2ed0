import { expect, test } from "vitest";
import { acceptedCodings, CODINGS } from "./content-coding.js";

test.for<[string, string]>([
  ["", ""],
  ["gzip, deflate, br, zstd", "br zstd gzip"],
  ["gzip", "gzip"],
  ["X-GZIP", "gzip"],
  ["gzip;q=1.0, br;q=0.5", "gzip br"],
  ["gzip;q=0, *", "br zstd"],
  ["*;q=0", ""],
  ["identity, gzip;q=0.5", ""],
  ["identity;q=0.5, gzip ; q=0.8", "gzip"],
  ["br;q=0.0001, gzip", ""],
  ["br, , gzip", "br gzip"],
  ["gzip deflate", ""],
])("%s accepts: %s", ([value, expected]) => {
  expect(
    acceptedCodings(value)
      .map((index) => CODINGS[index]!.name)
      .join(" "),
  ).toBe(expected);
});

import { expect, test } from "vitest";
import { byteText, durationText } from "./quantity.js";

test.for([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9950, "10 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [1e9, "1.0 GB"],
  [5e15, "5000 TB"],
] as const)("%d bytes are %s", ([bytes, text]) => expect(byteText(bytes)).toBe(text));

test.for([
  [0, "0.0 ms"],
  [0.94, "0.9 ms"],
  [0.95, "1 ms"],
  [999.4, "999 ms"],
  [999.5, "1.0 s"],
  [1234, "1.2 s"],
  [75_000, "75 s"],
  [720_000, "12 min"],
] as const)("%d milliseconds are %s", ([milliseconds, text]) => expect(durationText(milliseconds)).toBe(text));

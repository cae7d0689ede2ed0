import { expect, test } from "vitest";
import { ageText, byteText, durationText, rateText } from "./quantity.js";

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
] as const)("%d bytes: %s", ([bytes, text]) => expect(byteText(bytes)).toBe(text));

test.for([
  [0, "0.0 ms"],
  [0.94, "0.9 ms"],
  [0.95, "1 ms"],
  [999.4, "999 ms"],
  [999.5, "1.0 s"],
  [1234, "1.2 s"],
  [75_000, "75 s"],
  [720_000, "12 min"],
] as const)("%d milliseconds: %s", ([milliseconds, text]) => expect(durationText(milliseconds)).toBe(text));

test.for([
  [0, "0"],
  [0.01, "0.1"],
  [4.24, "4.2"],
  [9.96, "10"],
  [1234.5, "1235"],
] as const)("%d per second: %s", ([rate, text]) => expect(rateText(rate)).toBe(text));

test.for([
  [-5, "0 s"],
  [119, "119 s"],
  [120, "2 min"],
  [7_199, "119 min"],
  [7_200, "2 h"],
  [172_800, "2 d"],
] as const)("%d seconds: %s", ([seconds, text]) => expect(ageText(seconds)).toBe(text));

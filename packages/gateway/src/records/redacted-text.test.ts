import { expect, test } from "vitest";
import { redactedText } from "./redacted-text.js";

test.for([
  ["curl/8.5.0", "curl/8.5.0"],
  [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
  ],
  ["Bot/1.0 (+https://bot.example/about)", "Bot/1.0 (+https://bot.example/about)"],
  ["app/1.0 token=abc", "app/1.0 token=***"],
  ["app/1.0 (api_key: abc; build=7)", "app/1.0 (api_key: ***; build=7)"],
  ['app/1.0 accessToken="a b c" x', "app/1.0 accessToken=*** x"],
  ["app Bearer abc.def", "app Bearer ***"],
  ["", ""],
] as const)("%j is logged as %j", ([text, logged]) => expect(redactedText(text)).toBe(logged));

test.for(["a", "=", "a=", " ", "token", '"', "bearer "])("the work grows with the length: %j, repeated", (part) => {
  // In proportion to the square of the length, this would take longer than a test may.
  const text = part.repeat(100_000);
  expect(redactedText(text).length).toBeLessThanOrEqual(3 * text.length);
});

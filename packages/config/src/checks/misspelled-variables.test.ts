import { expect, test } from "vitest";
import { loadConfiguration } from "../load.js";

function warnings(env: Record<string, string>): string[] {
  return loadConfiguration({ env }).warnings.map(({ message }) => message);
}

test("a misspelled variable is reported with the likely name", () => {
  expect(warnings({ POSTERN_SEVER_URL: "https://tunnel.example.com" })).toEqual([
    "The environment variable POSTERN_SEVER_URL is unknown. Did you mean POSTERN_SERVER_URL?",
  ]);
  expect(warnings({ POSTERN_API_KEY_FIEL: "x" })[0]).toContain("POSTERN_API_KEY_FILE?");
});

test("known, foreign and dissimilar variables are not reported", () => {
  expect(
    warnings({
      POSTERN_SERVER_URL: "https://tunnel.example.com",
      POSTERN_JSON: "1",
      POSTERN_DEPLOYMENT_COLOUR: "blue",
      POSTERN_FOO: "x",
      SEVER_URL: "x",
    }),
  ).toEqual([]);
});

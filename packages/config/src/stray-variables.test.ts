import { expect, test } from "vitest";
import { loadConfiguration } from "./load.js";

function warnings(env: Record<string, string>): string[] {
  return loadConfiguration({ env }).warnings.map(({ message }) => message);
}

test("a misspelt variable is told, with the one that is meant", () => {
  expect(warnings({ POSTERN_SEVER_URL: "https://tunnel.example.com" })).toEqual([
    "POSTERN_SEVER_URL in the environment means nothing. Is it POSTERN_SERVER_URL?",
  ]);
  expect(warnings({ POSTERN_API_KEY_FIEL: "x" })[0]).toContain("POSTERN_API_KEY_FILE?");
});

test("those that are known, of somebody else, or far from all are not", () => {
  expect(
    warnings({
      POSTERN_SERVER_URL: "https://tunnel.example.com",
      POSTERN_JSON: "1",
      POSTERN_DEPLOYMENT_COLOUR: "blue",
      SEVER_URL: "x",
    }),
  ).toEqual([]);
});

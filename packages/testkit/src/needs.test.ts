import { expect, onTestFinished, test, vi } from "vitest";
import { needs } from "./needs.js";

function withoutPrograms(noSkip: string): string[] {
  vi.stubEnv("PATH", "");
  vi.stubEnv("POSTERN_NO_SKIP", noSkip);
  onTestFinished(() => void vi.unstubAllEnvs());
  const notes: string[] = [];
  needs({ skip: (note) => void notes.push(note) }, "nginx", "curl");
  return notes;
}

test("a missing program skips the test and names the Debian package", () => {
  expect(withoutPrograms("")).toEqual(["missing: nginx, curl. On Debian: apt-get install nginx-light curl"]);
});

test("with POSTERN_NO_SKIP=1 a missing program fails the test", () => {
  expect(() => withoutPrograms("1")).toThrow(/would be skipped; missing: nginx/);
});

import { execFileSync, spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readOwnedFile } from "./owned-file.js";

function pipe(): string {
  const path = join(scratchFolder(onTestFinished), "pipe");
  execFileSync("mkfifo", ["-m", "600", path]);
  return path;
}

describe.skipIf(process.platform === "win32")("a pipe", () => {
  test("that nobody writes to is empty, and holds nobody up", async () => {
    expect((await readOwnedFile(pipe())).bytes).toHaveLength(0);
  });

  test("is read to its end, however slowly it comes", async () => {
    const path = pipe();
    const writer = spawn("sh", [
      "-c",
      'exec 3<>"$0"; echo open; printf "first " >&3; read go; printf second >&3',
      path,
    ]);
    onTestFinished(() => void writer.kill());
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    const reading = readOwnedFile(path);
    writer.stdin.write("go\n");
    expect((await reading).bytes.toString()).toBe("first second");
  });

  test("that never ends is cut", async () => {
    const path = pipe();
    const writer = spawn("sh", ["-c", 'exec 3<>"$0"; echo open; yes >&3', path]);
    onTestFinished(() => void writer.kill());
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    await expect(readOwnedFile(path)).rejects.toMatchObject({
      code: "PN_FILE_UNREADABLE",
      message: expect.stringContaining("larger than 1 MiB"),
    });
  });
});

test("a file of more than 1 MiB, a folder and links in a circle are no such file", async () => {
  const folder = scratchFolder(onTestFinished);
  const [large, circle] = [join(folder, "large"), join(folder, "circle")];
  writeFileSync(large, Buffer.alloc(1024 * 1024 + 1), { mode: 0o600 });
  symlinkSync("circle", circle);
  const told = async (path: string): Promise<unknown> => readOwnedFile(path).catch((error: unknown) => error);
  expect(await told(large)).toMatchObject({ message: expect.stringContaining("larger than 1 MiB") });
  expect(await told(folder)).toMatchObject({ message: expect.stringContaining("it is a folder") });
  expect(await told(circle)).toMatchObject({ message: expect.stringContaining("its links lead in a circle") });
});

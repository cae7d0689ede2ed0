import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { scratchFolder, until } from "@postern/testkit";
import { readOwnedFile } from "./owned-file.js";

function pipe(): string {
  const path = join(scratchFolder(onTestFinished), "pipe");
  execFileSync("mkfifo", ["-m", "600", path]);
  return path;
}

/** What this process has open. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // It was closed just now, for instance that of the folder itself.
      return [];
    }
  });
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
    // What is in a pipe is lost when its last end is closed: the writer may go on once the reader has it open.
    await until("the pipe to be open", () => openFiles().includes(path));
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

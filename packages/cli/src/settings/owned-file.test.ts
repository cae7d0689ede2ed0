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

/** The paths of this process's open files. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // Closed in the meantime, for instance the descriptor of the folder itself.
      return [];
    }
  });
}

describe.skipIf(process.platform === "win32")("a pipe", () => {
  test("without a writer reads as empty, without blocking", async () => {
    expect((await readOwnedFile(pipe())).bytes).toHaveLength(0);
  });

  test("is read to its end, however slow its writer is", async () => {
    const path = pipe();
    const writer = spawn("sh", [
      "-c",
      'exec 3<>"$0"; echo open; printf "first " >&3; read go; printf second >&3',
      path,
    ]);
    onTestFinished(() => void writer.kill());
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    const reading = readOwnedFile(path);
    // A pipe loses its content when its last end is closed, so the writer continues only when the reader has opened it.
    await until("the pipe to be open", () => openFiles().includes(path));
    writer.stdin.write("go\n");
    expect((await reading).bytes.toString()).toBe("first second");
  });

  test("that never ends is refused after 1 MiB", async () => {
    const path = pipe();
    const writer = spawn("sh", ["-c", 'exec 3<>"$0"; echo open; exec yes >&3', path]);
    onTestFinished(() => void writer.kill());
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    await expect(readOwnedFile(path)).rejects.toMatchObject({
      code: "PN_FILE_UNREADABLE",
      message: expect.stringContaining("larger than 1 MiB"),
    });
  });
});

test("a file of more than 1 MiB, a folder and a loop of links are refused", async () => {
  const folder = scratchFolder(onTestFinished);
  const [large, circle] = [join(folder, "large"), join(folder, "circle")];
  writeFileSync(large, Buffer.alloc(1024 * 1024 + 1), { mode: 0o600 });
  symlinkSync("circle", circle);
  const failure = async (path: string): Promise<unknown> => readOwnedFile(path).catch((error: unknown) => error);
  expect(await failure(large)).toMatchObject({ message: expect.stringContaining("larger than 1 MiB") });
  expect(await failure(folder)).toMatchObject({ message: expect.stringContaining("it is a folder") });
  expect(await failure(circle)).toMatchObject({ message: expect.stringContaining("its symbolic links form a loop") });
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, expect, test } from "vitest";
import { scratchFolder } from "../scratch-folder.js";
import { inheritedEnvironment, Program } from "../processes/program.js";

const PRELOAD = new URL("../../dist/buffers/preload.js", import.meta.url).href;

/** Keeps the bytes that it reads, both by reference and as a copy, and prints them at the end of the connection. */
const KEEPER = `
import { connect, createServer } from "node:net";
const kept = [];
const copied = [];
const keep = (chunk) => (kept.push(chunk), copied.push(Buffer.from(chunk)));
const print = () => console.log(Buffer.concat(kept).toString("hex"), Buffer.concat(copied).toString());
const server = createServer((socket) => {
  socket.on("data", keep).on("end", print).on("end", () => socket.end());
}).listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  connect({ port, host: "127.0.0.1" }).on("close", () => server.close()).resume().end("words");
});
`;

/** The output of the keeper in folder `place`. */
async function keeper(place: string): Promise<string> {
  const folder = join(scratchFolder(onTestFinished), place);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "keeper.mjs"), KEEPER);
  const program = new Program(onTestFinished, process.execPath, {
    args: [`--import=${PRELOAD}`, join(folder, "keeper.mjs")],
    env: inheritedEnvironment(),
  });
  await program.ends(0);
  return program.stdout.trim();
}

test("Postern code that keeps the bytes that it reads finds them overwritten; a copy is unchanged", async () => {
  expect(await keeper("packages/gateway/dist")).toBe("dbdbdbdbdb words");
});

test("code that is not Postern's keeps what it read", async () => {
  expect(await keeper("packages/other/dist")).toBe(`${Buffer.from("words").toString("hex")} words`);
});

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
  if (process.argv[2] === "data") socket.on("data", keep).on("end", print).on("end", () => socket.end());
  else socket.end("words");
}).listen(0, "127.0.0.1", () => {
  const onread = { buffer: Buffer.alloc(64), callback: (bytes, buffer) => keep(buffer.subarray(0, bytes)) };
  const { port } = server.address();
  const socket = connect({ port, host: "127.0.0.1", ...(process.argv[2] === "onread" && { onread }) });
  socket.on("close", () => server.close());
  if (process.argv[2] === "data") socket.resume().end("words");
  else socket.on("end", print).resume();
});
`;

/** The output of the keeper in folder `place` when it reads by "data" or "onread". */
async function keeper(place: string, way: string): Promise<string> {
  const folder = join(scratchFolder(onTestFinished), place);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "keeper.mjs"), KEEPER);
  const program = new Program(onTestFinished, process.execPath, {
    args: [`--import=${PRELOAD}`, join(folder, "keeper.mjs"), way],
    env: inheritedEnvironment(),
  });
  await program.ends(0);
  return program.stdout.trim();
}

test.each(["data", "onread"])(
  "Postern code that keeps bytes read by %s finds them overwritten; a copy is unchanged",
  async (way) => {
    expect(await keeper("packages/gateway/dist", way)).toBe("dbdbdbdbdb words");
  },
);

test.each(["data", "onread"])("code that is not Postern's keeps what it read by %s", async (way) => {
  expect(await keeper("packages/other/dist", way)).toBe(`${Buffer.from("words").toString("hex")} words`);
});

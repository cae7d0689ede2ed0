import { readFileSync } from "node:fs";

/** A control message of a recorded session. */
export interface RecordedControl {
  from: "server" | "client";
  message: Record<string, unknown> & { type: string };
}

interface Dialogues {
  dialogues: { messages: { from: RecordedControl["from"]; hex: string | unknown[] }[] }[];
}

const FILE = new URL("../../../protocol/vectors/dialogues.json", import.meta.url);
const CONTROL = 0x01;
const HEADER_SIZE = 8;

/** The control messages of the first recorded session between a client and a server of an earlier version, in order. */
export function recordedControls(): RecordedControl[] {
  const { dialogues } = JSON.parse(readFileSync(FILE, "utf8")) as Dialogues;
  return (dialogues[0]?.messages ?? []).flatMap(({ from, hex }) =>
    typeof hex === "string" ? controlsIn(Buffer.from(hex, "hex")).map((message) => ({ from, message })) : [],
  );
}

function controlsIn(batch: Buffer): RecordedControl["message"][] {
  const found: RecordedControl["message"][] = [];
  for (let at = 0; at < batch.length;) {
    const end = at + HEADER_SIZE + batch.readUInt16BE(at + 2);
    if (batch[at] === CONTROL)
      found.push(JSON.parse(batch.toString("utf8", at + HEADER_SIZE, end)) as RecordedControl["message"]);
    at = end;
  }
  return found;
}

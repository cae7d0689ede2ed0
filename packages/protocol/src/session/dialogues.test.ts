import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errorCode, TunnelError } from "../errors.js";
import type { ControlMessage } from "../wire/control.js";
import { read, type WrittenFrame } from "../wire/frame-record.suite.js";
import { bytes, type Parts } from "../wire/vector-bytes.suite.js";
import { errorOfClose } from "./close-code.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Received } from "./session-pair.suite.js";
import type { Stream } from "./stream.js";

type Role = "server" | "client";

/** A whole session between a client and a server of an earlier version: the messages in order, and the close. */
interface Dialogue {
  name: string;
  messages: { from: Role; hex: Parts }[];
  close: { from: Role; code: number; reason: string };
}

const { dialogues } = JSON.parse(readFileSync(new URL("../../vectors/dialogues.json", import.meta.url), "utf8")) as {
  dialogues: Dialogue[];
};

/** Milliseconds between two messages. */
const APART = 5;

/** What a side has sent, without the frames that it sends by itself and whose time may differ. */
interface Sent {
  /** The frames of the session. A control message is parsed. */
  session: unknown[];
  /** The frames of each stream, and its data in one piece. */
  streams: Map<number, { frames: object[]; data: string }>;
}

function sentIn(frames: readonly object[]): Sent {
  const sent: Sent = { session: [], streams: new Map() };
  for (const frame of frames as WrittenFrame[]) {
    const { type, stream } = frame;
    if (type === "CONTROL") sent.session.push(JSON.parse(frame.text));
    if (type === "GOAWAY") sent.session.push(frame);
    if (stream === 0 || type === "WINDOW") continue;
    const ofStream = sent.streams.get(stream) ?? { frames: [], data: "" };
    sent.streams.set(stream, ofStream);
    if (type === "DATA") ofStream.data += frame.data;
    else ofStream.frames.push({ ...frame, flags: 0 });
  }
  return sent;
}

/** One side of a dialogue: a session of this version, whose peer is the recording. */
class Replay extends ScriptedPeer {
  readonly #streams = new Map<number, Received>();

  constructor(role: Role) {
    super(role);
    this.record.accept = (stream) => this.#add(stream);
  }

  /** Does what the recorded side did when it sent `message`. */
  repeat(message: Buffer): void {
    for (const frame of read(message).frames as WrittenFrame[]) this.#repeat(frame);
    this.clock.run(APART);
  }

  receive(message: Buffer): void {
    this.transport.deliver(message, true);
    this.clock.run(APART);
  }

  /** Bytes received on each stream. */
  get received(): [stream: number, bytes: number][] {
    return [...this.#streams].map(([id, received]) => [id, received.bytes]);
  }

  #add(stream: Stream): void {
    this.#streams.set(stream.id, new Received(stream));
  }

  #repeat(frame: WrittenFrame): void {
    const stream = this.#streams.get(frame.stream)?.stream;
    switch (frame.type) {
      case "CONTROL":
        return this.session.control(JSON.parse(frame.text) as ControlMessage);
      case "PING":
        return this.session.ping();
      case "GOAWAY":
        return this.session.goAway(errorCode(frame.error), frame.retry_after, frame.reason);
      case "OPEN":
        return this.#add(this.session.open(frame.tunnel));
      case "DATA":
        return void stream?.write(Buffer.from(frame.data, "hex"));
      case "FIN":
        return stream?.end();
      case "RESET":
        return stream?.reset(errorCode(frame.error));
      default:
      // A session sends PONG, ACK and WINDOW by itself.
    }
  }
}

test("the file has dialogues with every type of frame", () => {
  const all = dialogues.flatMap(({ messages }) => messages.flatMap(({ hex }) => read(bytes(hex)).frames));
  const types = new Set((all as WrittenFrame[]).map(({ type }) => type));
  expect(dialogues.length).toBe(2);
  expect([...types].sort()).toEqual(
    ["ACK", "CONTROL", "DATA", "FIN", "GOAWAY", "OPEN", "PING", "PONG", "RESET", "WINDOW"].sort(),
  );
});

describe.each(["server", "client"] as const)("this version as the %s continues a recorded dialogue", (role) => {
  test.each(dialogues)("$name", ({ messages, close }) => {
    const side = new Replay(role);
    const recorded = (from: Role): object[] =>
      messages.filter((message) => message.from === from).flatMap(({ hex }) => read(bytes(hex)).frames);
    for (const { from, hex } of messages) {
      if (from === role) side.repeat(bytes(hex));
      else side.receive(bytes(hex));
      expect(side.record.closed).toBeUndefined();
    }
    expect(sentIn(side.frames)).toEqual(sentIn(recorded(role)));

    const peer = sentIn(recorded(role === "server" ? "client" : "server"));
    expect([...side.record.controls, ...side.record.goAways]).toHaveLength(peer.session.length);
    expect(side.received).toEqual([...peer.streams].map(([id, { data }]) => [id, data.length / 2]));
    expect(side.session.streams).toBe(0);
    const error = errorOfClose(close.code, close.reason);
    if (close.from === role) side.session.close(new TunnelError(error.code));
    else side.transport.peer.close(close.code, close.reason);
    side.clock.run(APART);
    expect([side.record.closed?.code, side.transport.closed?.code]).toEqual([error.code, close.code]);
  });
});

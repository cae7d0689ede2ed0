import { until } from "@postern/testkit";
import { describe, expect, test } from "vitest";
import type { Connection, ConnectionHandler } from "./connection.js";

/** The far end of a connection under test. */
export interface Peer {
  /** The text received so far. */
  readonly received: string;
  readonly ended: boolean;
  readonly broken: boolean;
  send(text: string): void;
  end(): void;
  reset(): void;
  /** Stops reading, so that bytes sent by the connection have to wait. */
  stall(): void;
  goOn(): void;
}

export interface ConnectionUnderTest {
  connection: Connection;
  peer: Peer;
}

/** Records what a connection reports. */
export class Recorder implements ConnectionHandler {
  data = "";
  events: string[] = [];

  get withoutDrains(): string[] {
    return this.events.filter((event) => event !== "drain");
  }

  onData(chunk: Buffer): void {
    this.data += chunk.toString("latin1");
  }
  onEnd(): void {
    this.events.push("end");
  }
  onDrain(): void {
    this.events.push("drain");
  }
  onClose(): void {
    this.events.push("close");
  }
}

/** More bytes than the buffers between the two ends hold. */
const MUCH = 16 * 1024 * 1024;

/**
 * The behaviour that all connections share.
 * @param resets whether the peer can tell a reset from an end.
 */
export function describeConnection(create: () => Promise<ConnectionUnderTest>, { resets = true } = {}): void {
  async function recorded(): Promise<ConnectionUnderTest & { events: Recorder }> {
    const made = await create();
    const events = new Recorder();
    made.connection.handler = events;
    return { ...made, events };
  }

  describe("like every connection", () => {
    test("passes bytes both ways, and an end as an end", async () => {
      const { connection, peer, events } = await recorded();
      connection.write(Buffer.from("one "));
      connection.writeBoth(Buffer.from("two "), Buffer.from("three"));
      connection.end();
      peer.send("answer");
      peer.end();
      await until("both ends", () => peer.ended && events.events.includes("close"));
      expect([peer.received, peer.broken]).toEqual(["one two three", false]);
      expect([events.data, ...events.withoutDrains]).toEqual(["answer", "end", "close"]);
    });

    test("delivers nothing while it is paused, and everything after that", async () => {
      const { connection, peer, events } = await recorded();
      connection.pause();
      peer.send("a");
      peer.send("b");
      peer.end();
      await new Promise((resolve) => setImmediate(resolve));
      expect([events.data, events.events]).toEqual(["", []]);
      connection.resume();
      await until("the end", () => events.events.includes("end"));
      expect(events.data).toBe("ab");
    });

    test("counts unsent bytes, and reports when all have been sent", async () => {
      const { connection, peer, events } = await recorded();
      peer.stall();
      const piece = Buffer.alloc(64 * 1024, "x");
      for (let bytes = 0; bytes < MUCH; bytes += piece.length) connection.write(piece);
      await until("the first bytes to leave", () => connection.progress > 0);
      const { unsent } = connection;
      expect(unsent).toBeGreaterThan(0);
      expect(unsent).toBeLessThanOrEqual(MUCH);
      expect(events.events).toEqual([]);
      const before = connection.progress;
      peer.goOn();
      await until("the drain", () => events.events.includes("drain"));
      expect([connection.unsent, connection.progress - before > 0]).toEqual([0, true]);
      await until("every byte", () => peer.received.length === MUCH);
    });

    test("reports that all have been sent, also if it has ended before", async () => {
      const { connection, peer, events } = await recorded();
      peer.stall();
      connection.write(Buffer.alloc(MUCH, "x"));
      connection.end();
      expect(connection.unsent).toBeGreaterThan(0);
      peer.goOn();
      await until("the drain", () => events.events.includes("drain"));
      expect(connection.unsent).toBe(0);
      await until("the end", () => peer.ended);
      expect(peer.received.length).toBe(MUCH);
    });

    test("does not use the bytes of a write after it returns", async () => {
      const { connection, peer } = await recorded();
      const scratch = Buffer.alloc(8);
      for (const text of ["first...", "second..", "third..."]) {
        scratch.write(text);
        connection.write(scratch);
        scratch.fill(0xdb);
      }
      connection.end();
      await until("the end", () => peer.ended);
      expect(peer.received).toBe("first...second..third...");
    });

    test("is closed when the peer resets it", async () => {
      const { peer, events } = await recorded();
      peer.reset();
      await until("the close", () => events.events.length > 0);
      expect(events.events).toEqual(["close"]);
    });

    if (!resets) return;

    test("is broken for its peer after a reset, and reports the close in a later turn", async () => {
      const { connection, peer, events } = await recorded();
      connection.reset();
      expect(events.events).toEqual([]);
      await until("both ends to close", () => peer.broken && events.events.length > 0);
      expect(events.events).toEqual(["close"]);
    });
  });
}

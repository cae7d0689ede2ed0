import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Defer } from "@postern/testkit";

const NAME_ERROR = 3;
const SERVER_FAILURE = 2;
const TYPE_A = 1;

/** The response for every name: these IPv4 addresses in this order, a failure, or none. */
export type Answer = readonly string[] | "no such name" | "failure" | "silence";

/** A DNS server (RFC 1035) that responds to every question with the answer that the test sets. */
export class NameServer {
  answer: Answer = "failure";
  /** The number of received questions. */
  asked = 0;
  readonly #socket: Socket = createSocket("udp4");

  /** Listens on port 53 of `address`, which needs root. */
  static async start(defer: Defer, address: string): Promise<NameServer> {
    const server = new NameServer();
    const socket = server.#socket;
    socket.on("message", (question, { address: host, port }) => {
      server.asked += 1;
      const answer = server.#to(question);
      if (answer !== undefined) socket.send(answer, port, host);
    });
    socket.bind(53, address);
    await once(socket, "listening");
    defer(async () => void socket.close());
    return server;
  }

  #to(question: Buffer): Buffer | undefined {
    const { answer } = this;
    if (answer === "silence") return undefined;
    // One question: its name, type and class end 5 bytes after the name's last label.
    const end = question.indexOf(0, 12) + 5;
    const isA = question.readUInt16BE(end - 4) === TYPE_A;
    const addresses = typeof answer === "string" || !isA ? [] : answer;
    const header = Buffer.from(question.subarray(0, 12));
    const code = answer === "failure" ? SERVER_FAILURE : answer === "no such name" ? NAME_ERROR : 0;
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    header.writeUInt32BE(0, 8);
    const records = addresses.map((address) =>
      // A pointer to the name in the question, type A, class IN, no time to live, four bytes.
      Buffer.concat([Buffer.from("c00c0001000100000000" + "0004", "hex"), Buffer.from(address.split(".").map(Number))]),
    );
    return Buffer.concat([header, question.subarray(12, end), ...records]);
  }
}

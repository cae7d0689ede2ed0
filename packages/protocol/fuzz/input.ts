/** An input: the session's role, the behaviour of its owner, and the messages that it receives. */
export interface Input {
  role: "server" | "client";
  /** Bits of `Behaviour`. */
  behaviour: number;
  messages: Buffer[];
}

/** The behaviour of the owner of the session and of the network, as bits. */
export const Behaviour = {
  /** Consumes nothing. */
  STALL: 0x01,
  /** Writes received bytes back. */
  ECHO: 0x02,
  /** Resets a stream in `onData`. */
  RESET: 0x04,
  /** Half-closes when the peer does. */
  END: 0x08,
  /** Writes a large chunk to every stream. */
  WRITE: 0x10,
  /** A server opens streams first. */
  OPEN: 0x20,
  /** Messages arrive in pieces. */
  CUT: 0x40,
} as const;
export const ALL_BEHAVIOURS = 0x7f;

/** A line `role behaviour`, then one message per line in hexadecimal. */
export function printInput({ role, behaviour, messages }: Input): string {
  return [`${role} ${behaviour}`, ...messages.map((message) => message.toString("hex")), ""].join("\n");
}

export function parseInput(text: string): Input {
  const [first = "", ...lines] = text.trimEnd().split("\n");
  const [role, behaviour] = first.split(" ");
  if (role !== "server" && role !== "client") throw new Error(`not an input: ${first.slice(0, 40)}`);
  return { role, behaviour: Number(behaviour), messages: lines.map((line) => Buffer.from(line, "hex")) };
}

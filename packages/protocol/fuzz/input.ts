/** One thing to try: who the session is, how its owner behaves, and the messages that reach it. */
export interface Input {
  role: "server" | "client";
  /** Bits of `Manner`. */
  manners: number;
  messages: Buffer[];
}

/** What the owner of the session does with its streams. */
export const Manner = {
  /** Keeps what arrives, instead of consuming it at once. */
  STALL: 0x01,
  /** Writes back what arrives. */
  ECHO: 0x02,
  /** Resets a stream, from within, at its first bytes. */
  RESET: 0x04,
  /** Half-closes when the peer did. */
  END: 0x08,
  /** Writes much at once to every stream. */
  WRITE: 0x10,
  /** A server opens streams of its own first. */
  OPEN: 0x20,
  /** And of the network: messages arrive in pieces. */
  CUT: 0x40,
} as const;
export const ALL_MANNERS = 0x7f;

/** A line `role manners`, then a message a line in hexadecimal. */
export function printInput({ role, manners, messages }: Input): string {
  return [`${role} ${manners}`, ...messages.map((message) => message.toString("hex")), ""].join("\n");
}

export function parseInput(text: string): Input {
  const [first = "", ...lines] = text.trimEnd().split("\n");
  const [role, manners] = first.split(" ");
  if (role !== "server" && role !== "client") throw new Error(`not an input: ${first.slice(0, 40)}`);
  return { role, manners: Number(manners), messages: lines.map((line) => Buffer.from(line, "hex")) };
}

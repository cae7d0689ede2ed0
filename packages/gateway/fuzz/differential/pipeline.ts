import { connect } from "node:net";

/** One answer: its status, and what the server says it has read. */
export interface Answer {
  status: number;
  seen: string | undefined;
}

/** How long a server may be silent, in milliseconds, before it is taken to wait for bytes that are not coming. */
const PATIENCE = 3_000;

/** Sends all requests on one connection, in one go, and reads the answers: one each, or fewer when the connection ends or falls silent. */
export function askAll(port: number, requests: readonly Buffer[]): Promise<Answer[]> {
  const { promise, resolve } = Promise.withResolvers<Answer[]>();
  const answers: Answer[] = [];
  let text = "";
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const done = (): void => {
    socket.destroy();
    resolve(answers);
  };
  socket.setTimeout(PATIENCE, done);
  socket.on("error", done).on("close", done);
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    for (;;) {
      const found = readAnswer(text);
      if (found === undefined) return;
      text = text.slice(found.length);
      if (found.answer.status >= 200) answers.push(found.answer);
      // What follows a refusal is not read: it may have a body or not, as the method was understood.
      if (answers.length === requests.length || (found.answer.status >= 200 && found.answer.seen === undefined)) {
        return done();
      }
    }
  });
  socket.write(Buffer.concat(requests));
  return promise;
}

/** The answer at the start of `text`, if its head is whole: the servers are told to send no bodies. */
function readAnswer(text: string): { answer: Answer; length: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end + 2);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  return { answer: { status, seen: /\r\nX-Seen: (.*)\r\n/i.exec(head)?.[1] }, length: end + 4 };
}

import { connect } from "node:net";

/** One response: its status, and the request as the server read it. */
export interface Answer {
  status: number;
  seen: string | undefined;
}

/** A server that is silent for this long, in milliseconds, is waiting for bytes that will not arrive. */
const PATIENCE = 3_000;

/**
 * Sends all requests on one connection at once, and reads the responses: one each, or fewer when the connection ends or
 * falls silent.
 */
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
      // Nothing after a refusal is read, because whether it has a body depends on how the method was understood.
      if (answers.length === requests.length || (found.answer.status >= 200 && found.answer.seen === undefined)) {
        return done();
      }
    }
  });
  socket.write(Buffer.concat(requests));
  return promise;
}

/** The response at the start of `text`, if its head is complete: the servers are configured to send no bodies. */
function readAnswer(text: string): { answer: Answer; length: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end + 2);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  return { answer: { status, seen: /\r\nX-Seen: (.*)\r\n/i.exec(head)?.[1] }, length: end + 4 };
}

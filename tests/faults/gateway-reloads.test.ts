import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { exchange, Origin, StartProcess, until } from "@postern/testkit";
import { finding, sized } from "./size.ts";

const RELOADS = sized(100, 5);
const SOCKETS = sized(1_000, 50);
/** Requests per second, if the machine is fast enough. */
const RATE = sized(200, 100);
/** Requests that are served between two reloads, on every machine. */
const BETWEEN = 40;
const VISITORS = 10;

test(`${RELOADS} reloads under ${SOCKETS} WebSockets and ${RATE} requests/s close and fail nothing`, async (context) => {
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => outgoing.end(incoming.url));
  origin.server.on("upgrade", (_, socket) => {
    const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    socket.on("error", () => {}).write(head);
    socket.pipe(socket);
  });
  const target = `http://127.0.0.1:${origin.port}`;
  const file = (reload: number): string =>
    [
      `[[proxy]]\npath = "/sockets/*"\ntarget = "${target}"\n`,
      `[[proxy]]\npath = "/steady/*"\ntarget = "${target}"\n`,
      // This route changes with each reload; another one comes and goes.
      `[[proxy]]\npath = "/changing/*"\ntarget = "${target}"\nrewrite = "/${reload}{rest}"\n`,
      ...(reload % 2 === 1 ? [`[[proxy]]\npath = "/other/*"\ntarget = "${target}"\n`] : []),
    ].join("\n");
  const serve = StartProcess.launch(onTestFinished, file(0), {}, ["serve", "--listen", "127.0.0.1:0"]);
  const port = await serve.gatewayPort();

  const sockets: Socket[] = [];
  let closed = 0;
  while (sockets.length < SOCKETS) {
    const socket = createConnection({ port, host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}).on("close", () => closed++);
    socket.write("GET /sockets/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await once(socket, "data");
    sockets.push(socket);
  }

  let served = 0;
  const failures: string[] = [];
  let isOver = false;
  const visitor = async (): Promise<void> => {
    let due = performance.now();
    while (!isOver) {
      try {
        const { status } = await exchange(port, { host: "a", path: "/steady/x" });
        if (status === 200) served++;
        else failures.push(String(status));
      } catch (error) {
        failures.push(String(error));
      }
      due += (1_000 * VISITORS) / RATE;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    }
  };
  const begun = performance.now();
  const visitors = Array.from({ length: VISITORS }, visitor);

  for (let reload = 1; reload <= RELOADS; reload++) {
    serve.replace(file(reload));
    serve.program.signal("SIGHUP");
    await until(`reload ${reload}`, async () => {
      const { body } = await exchange(port, { host: "a", path: "/changing/x" });
      return body.toString() === `/${reload}/x`;
    });
    await until("requests after the reload", () => failures.length > 0 || served >= reload * BETWEEN);
  }
  isOver = true;
  const seconds = (performance.now() - begun) / 1_000;
  await Promise.all(visitors);

  expect([closed, failures]).toEqual([0, []]);
  expect(served).toBeGreaterThanOrEqual(RELOADS * BETWEEN);
  await Promise.all(
    sockets.map(async (socket) => {
      const echo = once(socket, "data");
      socket.write("still here");
      expect(String((await echo)[0])).toBe("still here");
    }),
  );
  const rate = Math.round(served / seconds);
  finding(context, `${RELOADS} reloads, ${SOCKETS} WebSockets, ${served} requests (${rate}/s): 0 closed, 0 failed`);
  for (const socket of sockets) socket.destroy();
  await serve.program.terminate();
});

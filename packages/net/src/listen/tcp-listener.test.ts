import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, Socket, type AddressInfo, type Server } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { tcpListener } from "./tcp-listener.js";

/** The undocumented handle of a listener. */
type WithHandle = { _handle: { setNoDelay: unknown } };

/** A connection to a listener: its end there, and the kernel's timer of that end. */
async function accepted(
  prepare?: (listener: Server) => void,
): Promise<{ socket: Socket; timer: string; calls: number }> {
  const sockets: Socket[] = [];
  const setNoDelay = vi.spyOn(Socket.prototype, "setNoDelay");
  const listener = tcpListener((socket) => sockets.push(socket));
  prepare?.(listener);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const far = connect(port, "127.0.0.1");
  await Promise.all([once(listener, "connection"), once(far, "connect")]);
  const [socket] = sockets as [Socket];
  onTestFinished(() => {
    setNoDelay.mockRestore();
    far.destroy();
    socket.destroy();
    listener.close();
  });
  const timer = execFileSync("ss", ["-Htno", `sport = :${port}`]).toString();
  return { socket, timer, calls: setNoDelay.mock.calls.length };
}

describe("an accepted connection", () => {
  test("is probed by the kernel while it is idle", async () => {
    const { timer, socket } = await accepted();
    expect(timer).toMatch(/timer:\(keepalive,(59|60|1min)/);
    expect(socket.allowHalfOpen).toBe(true);
  });

  test.runIf(process.platform === "linux")("needs no calls for that: it gets the options of the listener", async () => {
    expect((await accepted()).calls).toBe(0);
  });

  test("gets its options itself if this version of Node.js cannot set them on a listener", async () => {
    const { timer, calls } = await accepted((listener) =>
      listener.prependListener("listening", () => ((listener as unknown as WithHandle)._handle.setNoDelay = undefined)),
    );
    expect(calls).toBe(1);
    expect(timer).toMatch(/timer:\(keepalive,(59|60|1min)/);
  });
});

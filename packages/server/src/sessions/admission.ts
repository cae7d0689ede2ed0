import type { Socket } from "node:net";
import { isTls, peerCertificate, tunnelSocket } from "@postern/net";
import { LOGIN_LIMITS, WebSocketTransport } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import type { LoginGate } from "../login/login-gate.js";
import { PacedQueue } from "./paced-queue.js";
import type { Sessions } from "./sessions.js";

/** New clients per turn of the event loop, so that visitors do not notice a thousand clients that connect at once. */
const CLIENTS_PER_TURN = 2;

const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();

export interface AdmissionOptions {
  gate: LoginGate;
  sessions: Sessions;
  /** Whether memory is too short for another client. */
  isOverloaded: () => boolean;
}

/** Creates sessions for new clients, and limits the clients that are not logged in. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #queue = new PacedQueue(CLIENTS_PER_TURN);
  #isClosed = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Admits no more clients. */
  close(): void {
    this.#isClosed = true;
  }

  /** A client at `address` has opened a WebSocket on `socket`, and `head` was already read from the socket. */
  onClient(socket: Socket, head: Buffer, address: string): void {
    this.#queue.add(() => {
      if (this.#isClosed) socket.destroy();
      else if (!socket.destroyed) this.#admit(socket, head, address);
    });
  }

  #admit(socket: Socket, head: Buffer, address: string): void {
    const { gate, sessions } = this.#options;
    const transport = new WebSocketTransport({ socket, role: "server", head, setTimer, ...tunnelSocket(socket) });
    const peer = isTls(socket) ? peerCertificate(socket) : undefined;
    const connection = { transport, address, peer };

    const retryAfter = this.#retryAfter(address);
    if (retryAfter !== undefined) {
      sessions.open(connection, () => {}).refuse("PN_LOGIN_BUSY", retryAfter);
      return;
    }
    const session = sessions.open(connection, () => {
      clearTimeout(timer);
      transport.allowance = Infinity;
      gate.leave(address);
    });
    const timer = setTimeout(() => session.refuse("PN_LOGIN_TIMEOUT"), LOGIN_LIMITS.timeout);
    transport.allowance = LOGIN_LIMITS.bytes;
  }

  /**
   * Returns undefined if the client may log in now; it then counts at the gate. Otherwise returns the milliseconds
   * until it may retry.
   */
  #retryAfter(address: string): number | undefined {
    if (!this.#options.isOverloaded()) return this.#options.gate.enter(address);
    // A random time, so that the clients do not retry at the same time.
    return Math.round(SERVER_LIMITS.overloadedRetry * (1 + Math.random()));
  }
}

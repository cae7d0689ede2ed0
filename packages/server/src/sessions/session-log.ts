import type { Logger } from "pino";
import { RepeatedLines } from "./repeated-lines.js";

/** The server's loggers. */
export interface Loggers {
  readonly log: Logger;
  /** For lines about requests. */
  readonly requestLog: Logger;
}

type Level = "debug" | "info" | "warn" | "error";

/**
 * The log lines of one session. All sessions share the server's loggers, and each line gets the fields of its session:
 * a child logger would take up a kilobyte for as long as the session is open.
 */
export class SessionLog {
  /** Undefined before login. */
  owner: string | undefined;
  /** For lines that the client can cause again and again. */
  readonly repeated: RepeatedLines;
  readonly #loggers: Loggers;
  readonly #session: string;
  readonly #address: string;

  /**
   * @param session the session's id.
   * @param address the client's IP address.
   * @param now milliseconds of a monotonic clock.
   */
  constructor(loggers: Loggers, session: string, address: string, now: number) {
    this.#loggers = loggers;
    this.#session = session;
    this.#address = address;
    this.repeated = new RepeatedLines(this, now);
  }

  write(level: Level, fields: object, message: string): void {
    const session = { session: this.#session, address: this.#address, owner: this.owner };
    this.#loggers.log[level]({ ...session, ...fields }, message);
  }

  /** Writes a line about requests. In it, the client's address would be mistaken for the visitor's. */
  writeRequest(level: Level, fields: object, message: string): void {
    const session = { session: this.#session, owner: this.owner };
    this.#loggers.requestLog[level]({ ...session, ...fields }, message);
  }
}

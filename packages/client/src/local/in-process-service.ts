import type { Connection } from "@postern/net";

/** A service in this process. It needs no port, and no other program on this machine can reach it. */
export interface InProcessService {
  /** Its name in events and status: one line, for instance `./public`. */
  readonly name: string;
  /** Serves a connection from the server. It must set the connection's handler during the call. */
  accept(connection: Connection): void;
}

import type { Connection } from "@postern/net";

/** A service in this process. It needs no port, and no other program on this machine can reach it. */
export interface InProcessService {
  /** Its name in events and status: one line, for instance `./public`. */
  readonly name: string;
  /** Serves a connection from the server. It must set the connection's handler during the call. */
  accept(connection: Connection): void;
}

/** The name of a local service in events and status. */
export function localName(local: string | number | InProcessService): string {
  return typeof local === "object" ? local.name : String(local);
}

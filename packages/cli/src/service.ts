import type { Settings } from "./settings/configuration.js";

/** A part of a long-running command: the server, the endpoints of a client, its monitoring. */
export interface Service {
  /** Resolves when the service is running. An error ends the command. */
  start(): Promise<void>;
  /**
   * Prepares a change to `settings`: reads and checks everything, but changes nothing yet. An error refuses the whole
   * reload. Absent if the service reads its configuration only at start.
   */
  reload?(settings: Settings): Promise<PreparedReload>;
  /** Opens its log files again, because another program has moved them. Called on SIGHUP, before a reload. */
  reopen?(): void;
  /** Also called when `start` failed or was never called. */
  stop(): Promise<void>;
  /** Settles when the service ends by itself; rejects when it failed. */
  readonly ended?: Promise<void>;
}

/** A checked change that is ready to be applied to one service. */
export interface PreparedReload {
  apply: () => Promise<AppliedReload>;
  /** Files to watch from now on, besides the configuration file. */
  files: string[];
  warnings: string[];
}

export interface AppliedReload {
  /** Describes what has changed. */
  summary: string;
  /** The same for programs. */
  data?: Record<string, unknown>;
}

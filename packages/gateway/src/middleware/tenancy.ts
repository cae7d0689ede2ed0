import type { SharedRoom } from "../shared-room/shared-room.js";

/** Whose steps they are, where several owners share a server: none of them gets more than a fair part of it. */
export interface Tenancy {
  /** The owner. Passwords of each owner are checked in turn. */
  readonly owner: string;
  /** Bounds what the steps of all owners remember. */
  readonly room: SharedRoom;
}

import { BufferPool } from "./buffer-pool.js";
import { ReusedViews } from "./reused-views.js";

/** Two frames of the largest size and the headers of their message fit into one read. */
const READ_SIZE = 129 * 1024;

/** The buffers of sockets that read bulk data whose bytes may be lent. */
export const READ_BUFFERS = new BufferPool(READ_SIZE, 16);

/**
 * The buffer of all sockets that copy or forward what they read before their callback returns. It is never lent,
 * because its sockets have no other. A tunnel sends a full one as one frame. Together with the headers around it, and
 * an ACK, it fits into four TLS records: a fifth one with the last bytes would cost both ends as much as a full one.
 */
export const SHARED_BUFFER: Buffer = Buffer.allocUnsafeSlow(64 * 1024 - 64);

/** The bytes of reads into the shared buffer. */
export const SHARED_VIEWS = new ReusedViews(SHARED_BUFFER);

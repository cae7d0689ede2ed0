import { describe } from "vitest";
import { describeLeaseStore } from "./lease-store.suite.js";
import { MemoryLeaseStore } from "./memory-lease-store.js";

describe("the lease store in memory", () => {
  describeLeaseStore((now) => new MemoryLeaseStore(now));
});

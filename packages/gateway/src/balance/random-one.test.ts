import { describe } from "vitest";
import { describeBalance, fixedRandom } from "./balance.suite.js";
import { RandomOne } from "./random-one.js";

describe("random", () => {
  describeBalance(() => new RandomOne(fixedRandom()), { weighs: true });
});

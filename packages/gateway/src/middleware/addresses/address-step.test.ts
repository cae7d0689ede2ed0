import { describe, expect, test } from "vitest";
import { outcome, stepRequest } from "../step-requests.suite.js";
import { AddressStep, type AddressOptions } from "./address-step.js";

/** The outcome for a visitor with an address. */
const of = (options: AddressOptions, address: string): string =>
  outcome(new AddressStep(options).check(stepRequest({ address })));

const REFUSED = "403 PN_ACCESS_ADDRESS";

describe("a list of addresses", () => {
  test.each([
    [
      "that are allowed admits only them",
      { allow: ["10.0.0.0/8", "2001:db8::1"], deny: [] },
      ["10.255.0.1", "2001:db8::1"],
      ["11.0.0.1", "::1", "2001:db8::2"],
    ],
    [
      "that are denied admits all others",
      { deny: ["10.0.0.0/8", "fd00::/8"] },
      ["11.0.0.1", "::1"],
      ["10.0.0.1", "fd12::3"],
    ],
    ["that are denied wins", { allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] }, ["10.2.0.1"], ["10.1.0.1", "192.0.2.1"]],
    [
      "in which all are allowed but one",
      { allow: ["0.0.0.0/0", "::/0"], deny: ["192.0.2.1"] },
      ["192.0.2.2", "::1"],
      ["192.0.2.1"],
    ],
    ["that is empty admits nobody", { allow: [], deny: [] }, [], ["10.0.0.1", "::1"]],
    ["in IPv4-mapped form means the IPv4 addresses", { deny: ["::ffff:10.0.0.0/104"] }, ["11.0.0.1"], ["10.0.0.1"]],
  ] as [string, AddressOptions, string[], string[]][])("%s", (_, options, admitted, refused) => {
    for (const address of admitted) expect(of(options, address), address).toBe("admitted");
    for (const address of refused) expect(of(options, address), address).toBe(REFUSED);
  });

  test("refuses a visitor whose address is unknown, also if no address is denied", () => {
    expect(of({ deny: [] }, "unknown")).toBe(REFUSED);
    expect(of({ deny: ["10.0.0.1"] }, "")).toBe(REFUSED);
  });

  test("names an entry that is not valid", () => {
    expect(() => new AddressStep({ deny: ["10.0.0.0/33"] })).toThrow(/"10\.0\.0\.0\/33" is not an IP address/);
  });
});

import { expect, test } from "vitest";
import { allAddresses, type AllAddressesOptions } from "./all-addresses.js";

const HOSTS = `
127.0.0.1 localhost
192.0.2.9   Api.example api # the second
2001:db8::9\tapi.example
not-an-address api.example
# 192.0.2.1 api.example
`;
const none = () => Promise.reject(Object.assign(new Error("none"), { code: "ENOTFOUND" }));
const nothing: AllAddressesOptions = {
  hosts: async () => "",
  records: { resolve4: none, resolve6: none },
  lookup: none,
};
const records =
  (ttl: number, ...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, ttl }));

test("an address and localhost need no lookup", async () => {
  expect((await allAddresses("192.0.2.1", nothing)).addresses).toEqual(["192.0.2.1"]);
  expect((await allAddresses("app.localhost", nothing)).addresses).toEqual(["127.0.0.1", "::1"]);
});

test.each(["api.example", "API.example."])("the hosts file comes first: %s", async (host) => {
  expect(await allAddresses(host, { ...nothing, hosts: async () => HOSTS })).toEqual({
    addresses: ["192.0.2.9", "2001:db8::9"],
    ttl: 30,
  });
});

test("records of both families count, in an order that does not depend on the answer, for the shortest TTL", async () => {
  const resolve4 = records(60, "192.0.2.2", "192.0.2.1", "192.0.2.2");
  const both = { resolve4, resolve6: records(20, "2001:db8::1") };
  expect(await allAddresses("a.example", { ...nothing, records: both })).toEqual({
    addresses: ["192.0.2.1", "192.0.2.2", "2001:db8::1"],
    ttl: 20,
  });
  expect(await allAddresses("a.example", { ...nothing, records: { resolve4, resolve6: none } })).toEqual({
    addresses: ["192.0.2.1", "192.0.2.2"],
    ttl: 60,
  });
});

test.each([
  [0, 1],
  [86_400, 3_600],
])("a TTL of %i s is used as %i s", async (ttl, used) => {
  const options = { ...nothing, records: { resolve4: records(ttl, "192.0.2.1"), resolve6: none } };
  expect((await allAddresses("a.example", options)).ttl).toBe(used);
});

test("a name without records is left to the system's resolver", async () => {
  expect(await allAddresses("web", { ...nothing, lookup: async () => ["192.0.2.1"] })).toEqual({
    addresses: ["192.0.2.1"],
    ttl: 30,
  });
  await expect(allAddresses("web", nothing)).rejects.toMatchObject({ code: "ENOTFOUND" });
});

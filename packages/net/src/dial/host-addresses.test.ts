import { expect, test } from "vitest";
import { hostAddresses, isLoopbackName } from "./host-addresses.js";

const never = (): Promise<never> => Promise.reject(new Error("the name is resolved"));

test("an IP address needs no lookup, and neither does localhost", async () => {
  expect(await hostAddresses("192.0.2.1", never)).toEqual(["192.0.2.1"]);
  expect(await hostAddresses("2001:db8::1", never)).toEqual(["2001:db8::1"]);
  expect(await hostAddresses("localhost", never)).toEqual(["127.0.0.1", "::1"]);
  expect(await hostAddresses("web.localhost.", never)).toEqual(["127.0.0.1", "::1"]);
});

test.each([
  [
    ["a::1", "a::2", "a::3", "1.1.1.1"],
    ["a::1", "1.1.1.1", "a::2", "a::3"],
  ],
  [
    ["1.1.1.1", "1.1.1.2", "a::1", "a::2"],
    ["1.1.1.1", "a::1", "1.1.1.2", "a::2"],
  ],
  [
    ["1.1.1.1", "1.1.1.1", "1.1.1.2"],
    ["1.1.1.1", "1.1.1.2"],
  ],
])("the families of %j alternate", async (found, tried) => {
  expect(await hostAddresses("tunnel.example", async () => found)).toEqual(tried);
});

test("each call resolves the name again", async () => {
  const answers = [["1.1.1.1"], new Error("ENOTFOUND"), ["1.1.1.2"]];
  const lookup = async (): Promise<string[]> => {
    const answer = answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  expect(await hostAddresses("tunnel.example", lookup)).toEqual(["1.1.1.1"]);
  await expect(hostAddresses("tunnel.example", lookup)).rejects.toThrow("ENOTFOUND");
  expect(await hostAddresses("tunnel.example", lookup)).toEqual(["1.1.1.2"]);
});

test("the system's resolver reads /etc/hosts", async () => {
  expect(await hostAddresses("ip6-localhost").catch(() => hostAddresses("localhost"))).toContain("::1");
});

test("subdomains of localhost are loopback names", () => {
  expect(["localhost", "app.localhost"].map(isLoopbackName)).toEqual([true, true]);
  expect(["example.com", "notlocalhost", "localhost.example.com"].map(isLoopbackName)).toEqual([false, false, false]);
});

import { BlockList, isIPv4, isIPv6 } from "node:net";
import { unmapped } from "../unmapped.js";

// prettier-ignore
const NETWORKS: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24],
  ["192.168.0.0", 16], ["198.18.0.0", 15], ["224.0.0.0", 3],
  // Forms that embed an IPv4 address could stand for any of these.
  ["::", 96], ["64:ff9b::", 96], ["64:ff9b:1::", 48], ["2002::", 16], ["2001::", 32], ["fc00::", 7], ["fe80::", 9], ["ff00::", 8],
];

const list = new BlockList();
for (const [network, bits] of NETWORKS) list.addSubnet(network, bits, isIPv4(network) ? "ipv4" : "ipv6");

/**
 * Whether an IP address is not on the public internet: loopback, private, link-local (cloud metadata services),
 * multicast …
 */
export function isPrivateAddress(address: string): boolean {
  const plain = unmapped(address.split("%", 1)[0]!);
  if (isIPv4(plain)) return list.check(plain, "ipv4");
  return !isIPv6(plain) || list.check(plain, "ipv6");
}

/** Whether the host of a URL is a loopback address or a name of localhost. */
export function isLoopbackHost(host: string): boolean {
  return host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host) || /^(.+\.)?localhost\.?$/.test(host);
}

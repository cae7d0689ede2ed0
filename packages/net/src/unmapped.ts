/** The plain form of an IPv4 address, which dual-stack listeners report as IPv4-mapped IPv6 (`::ffff:192.0.2.1`). */
export function unmapped(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

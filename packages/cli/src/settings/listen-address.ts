/** Whether only programs on this machine can reach `address` (`host:port`). */
export function isLoopbackAddress(address: string): boolean {
  return /^(127\.[\d.]+|\[::1\]|localhost):/.test(address);
}

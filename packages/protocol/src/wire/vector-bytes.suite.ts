/** Hexadecimal text in the vectors, with repetitions written once. */
export type Parts = string | (string | { repeat: string; times: number })[];

export function joined(parts: Parts): string {
  if (typeof parts === "string") return parts;
  return parts.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join("");
}

export function bytes(parts: Parts): Buffer {
  const hex = joined(parts).replaceAll(" ", "");
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new Error("not hexadecimal");
  return Buffer.from(hex, "hex");
}

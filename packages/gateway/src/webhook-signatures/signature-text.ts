/** A digest in hex or base64; undefined if it is not one, or has another length. */
export function digestOf(text: string, encoding: "hex" | "base64", length: number): Buffer | undefined {
  const form = encoding === "hex" ? /^[0-9a-f]*$/i : /^[A-Za-z0-9+/]*={0,2}$/;
  if (!form.test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  if (bytes.length !== length) return undefined;
  // The last letter of base64 has bits without a meaning: only one text is the right one.
  return encoding === "hex" || bytes.toString("base64") === text ? bytes : undefined;
}

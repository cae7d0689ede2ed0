/** A text that two values share only if they have the same content. The order of properties matters. */
export function contentOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Map ? ["map", ...part] : part));
}

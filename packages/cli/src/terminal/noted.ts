/** Adds a note in parentheses to a text; parentheses at its end become one with those of the note. */
export function noted(text: string, note: string): string {
  return text.endsWith(")") && text.includes(" (") ? `${text.slice(0, -1)}; ${note})` : `${text} (${note})`;
}

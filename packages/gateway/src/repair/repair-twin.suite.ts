/**
 * A second, naive repair of response heads that uses regular expressions on the whole text. Where it disagrees with the
 * real one, one of them is wrong.
 */

export interface TwinRepair {
  length: number;
  /** The lines of the repaired head, with the blank one and what follows it. */
  lines: string[];
  /** In alphabetical order. */
  repairs: string[];
}

const STATUS = /^HTTP\/1\.[0-9] [1-9][0-9]{2}(?: [\t -~\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)([ \t]*):([^]*)$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** The repair of the head at the start of `text`; undefined when it is incomplete, or not to be repaired. */
export function twinRepair(text: string): TwinRepair | undefined {
  const [head] = /^[^]*?\n\r?\n/.exec(text) ?? [];
  if (head === undefined || head.length > 16_384 || /\0|\r(?!\n)/.test(head)) return undefined;
  const repairs = new Set<string>();
  if (/(?:^|[^\r])\n/.test(head)) repairs.add("bare_lf");
  const [status = "", ...physical] = head.replaceAll("\r\n", "\n").slice(0, -2).split("\n");
  if (!STATUS.test(status) || physical.length > 100 || /^[ \t]/.test(physical[0] ?? "")) return undefined;

  const unfolded = physical.join("\n").replaceAll(/(?:[ \t]*\n[ \t]+)+/g, "\n ");
  if (unfolded.includes("\n ")) repairs.add("folded_field");
  const fields: { name: string; value: string }[] = [];
  for (const line of unfolded.split(/\n(?! )/)) {
    if (line === "") continue;
    const [, name, space, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    if (space !== "") repairs.add("space_before_colon");
    fields.push({ name, value: value.includes("\n ") ? ` ${trim(value.replaceAll("\n ", " "))}` : value });
  }

  const of = (name: string): typeof fields => fields.filter((field) => field.name.toLowerCase() === name);
  for (const field of fields) {
    if (!CONTROL.test(field.value)) continue;
    if (/^(?:content-length|transfer-encoding)$/i.test(field.name)) return undefined;
    repairs.add("control_byte");
    field.value = field.value.split(CONTROL).join(" ");
  }

  const lengths = of("content-length");
  const codings = of("transfer-encoding");
  const numbers = lengths.flatMap(({ value }) => value.split(",").map(trim));
  if (numbers.length > 1) {
    if (!/^[0-9]+$/.test(numbers[0]!) || new Set(numbers).size > 1) return undefined;
    repairs.add("repeated_length");
    lengths[0]!.value = ` ${numbers[0]}`;
  }
  let left = fields.filter((field) => !lengths.includes(field) || field === lengths[0]);
  const isChunked = codings.length === 1 && /^[ \t]*chunked[ \t]*$/i.test(codings[0]!.value);
  if (isChunked && numbers.length > 0 && /^[0-9]+$/.test(numbers[0]!) && !status.startsWith("HTTP/1.0")) {
    repairs.add("length_beside_chunks");
    left = left.filter((field) => !lengths.includes(field));
  }
  if (repairs.size === 0) return undefined;
  const lines = [status, ...left.map(({ name, value }) => `${name}:${value}`), "", ""];
  return { length: head.length, lines, repairs: [...repairs].sort() };
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

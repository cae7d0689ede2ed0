import { correction, generate } from "lean-qr";
import type { Paint } from "./paint.js";

/** The light margin around the code that scanners need, in modules. */
const MARGIN = 2;

/** Characters for two modules, one above the other: none dark, the lower one dark, the upper one dark, both dark. */
const HALVES = [" ", "▄", "▀", "█"] as const;

export interface QrCode {
  /** Lines of characters, coloured if colours are enabled. */
  text: string;
  /** The width in columns. */
  width: number;
}

/** The bytes that fit into the largest code at the lowest level of correction (ISO/IEC 18004, table 7). */
const MAX_BYTES = 2_953;

/**
 * Encodes `text` as a QR code, with two modules per character: dark on light, independent of the terminal's colours.
 * Returns undefined if the text is too long.
 */
export function qrCode(text: string, paint: Paint): QrCode | undefined {
  if (Buffer.byteLength(text) > MAX_BYTES) return undefined;
  const code = generate(text, { minCorrectionLevel: correction.L });
  const lines: string[] = [];
  for (let y = -MARGIN; y < code.size + MARGIN; y += 2) {
    let line = "";
    for (let x = -MARGIN; x < code.size + MARGIN; x += 1) {
      const [upper, lower] = [code.get(x, y), code.get(x, y + 1)];
      // Without colours, assume a dark terminal, where drawn modules are light.
      const halves = (upper ? 2 : 0) + (lower ? 1 : 0);
      line += HALVES[paint.isColorSupported ? halves : 3 - halves];
    }
    lines.push(paint.bgWhite(paint.black(line)));
  }
  return { text: lines.join("\n"), width: code.size + 2 * MARGIN };
}

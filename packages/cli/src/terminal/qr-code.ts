import { correction, generate } from "lean-qr";
import type { Paint } from "./paint.js";

/** The light margin that readers need around the code, in modules. */
const MARGIN = 2;

/** Upper and lower module of one character, dark ones drawn. */
const HALVES = [" ", "▄", "▀", "█"] as const;

export interface QrCode {
  /** Lines of characters, with colours if there are any. */
  text: string;
  /** How many columns it takes. */
  width: number;
}

/** `text` as a QR code of characters, two modules above each other in each: dark on light, whatever the terminal's colours are. */
export function qrCode(text: string, paint: Paint): QrCode {
  const code = generate(text, { minCorrectionLevel: correction.L });
  const lines: string[] = [];
  for (let y = -MARGIN; y < code.size + MARGIN; y += 2) {
    let line = "";
    for (let x = -MARGIN; x < code.size + MARGIN; x += 1) {
      const [upper, lower] = [code.get(x, y), code.get(x, y + 1)];
      // Without colours a terminal is taken to be dark, so that what is drawn is light.
      const halves = (upper ? 2 : 0) + (lower ? 1 : 0);
      line += HALVES[paint.isColorSupported ? halves : 3 - halves];
    }
    lines.push(paint.bgWhite(paint.black(line)));
  }
  return { text: lines.join("\n"), width: code.size + 2 * MARGIN };
}

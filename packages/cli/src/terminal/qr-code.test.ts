import jsqr from "jsqr";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { qrCode } from "./qr-code.js";

const SCALE = 4;

/** Decodes the code as a phone's camera would. @param light whether drawn modules are light. */
function seen(drawn: string, light: boolean): string | undefined {
  // oxlint-disable-next-line no-control-regex
  const lines = drawn.replaceAll(/\u001b\[\d+m/g, "").split("\n");
  const [width, height] = [lines[0]!.length, lines.length * 2];
  const pixels = new Uint8ClampedArray(width * height * SCALE * SCALE * 4).fill(255);
  for (let y = 0; y < height * SCALE; y += 1)
    for (let x = 0; x < width * SCALE; x += 1) {
      const [column, row] = [Math.floor(x / SCALE), Math.floor(y / SCALE)];
      const character = lines[row >> 1]![column]!;
      const isDrawn = (row % 2 === 0 ? "▀█" : "▄█").includes(character);
      const shade = isDrawn === light ? 255 : 0;
      pixels.fill(shade, (y * width * SCALE + x) * 4, (y * width * SCALE + x) * 4 + 3);
    }
  const read = jsqr as unknown as (typeof jsqr)["default"];
  return read(pixels, width * SCALE, height * SCALE, { inversionAttempts: "dontInvert" })?.data;
}

test.for(["http://my-app.localhost:8080/", `https://${"long-name-".repeat(6)}x.tunnel.example.com`])(
  "%s can be read from the terminal, with colours and without",
  (url) => {
    expect(seen(qrCode(url, picocolors.createColors(true))!.text, false)).toBe(url);
    expect(seen(qrCode(url, picocolors.createColors(false))!.text, true)).toBe(url);
  },
);

test("there is no code for a text that is too long for one", () => {
  const paint = picocolors.createColors(false);
  const [longest, tooLong] = ["x".repeat(2_953), "x".repeat(2_954)];
  expect([qrCode(longest, paint)?.width, qrCode(tooLong, paint), qrCode("\u20ac".repeat(1_000), paint)]).toEqual([
    181,
    undefined,
    undefined,
  ]);
});

import fc from "fast-check";
import type { BodyEdit } from "./body-edit.js";

/** Where a body is cut, as shares of its length. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

/** The pieces of `body`. */
export function pieces(body: Buffer, shares: readonly number[]): Buffer[] {
  const places = [0, ...shares.map((share) => Math.floor(share * body.length)).sort((a, b) => a - b), body.length];
  return places.slice(1).map((end, n) => body.subarray(places[n], end));
}

/** What an edit makes of the pieces of a body. */
export function edited(edit: BodyEdit, given: readonly Buffer[], most = Infinity): Buffer {
  const changed = given.filter(({ length }) => length > 0).map((piece) => Buffer.from(edit.write(piece, most)));
  return Buffer.concat([...changed, edit.end()]);
}

/** `body` byte by byte. */
export function bytes(body: Buffer): Buffer[] {
  return Array.from(body, (_, n) => body.subarray(n, n + 1));
}

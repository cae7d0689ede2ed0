import { createHash, timingSafeEqual } from "node:crypto";
import bcrypt from "bcryptjs";
import { APR1 } from "./hash-form.ts";

/** Whether `password` has this hash, which `hashForm` accepts. Takes up to a few seconds. */
export function hasHash(password: Buffer, hash: string): boolean {
  if (hash.startsWith("$2")) return bcrypt.compareSync(password.toString("utf8"), hash);
  const expected = APR1.exec(hash);
  const own =
    expected === null ? `{SHA}${createHash("sha1").update(password).digest("base64")}` : apr1(password, expected[1]!);
  const [one, other] = [Buffer.from(own), Buffer.from(hash)];
  return one.length === other.length && timingSafeEqual(one, other);
}

const ROUNDS = 1_000;
const LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The order in which the form takes the bytes of the digest: three at a time, and the last one alone. */
const ORDER = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5];
const LAST = 11;

/** The hash of Apache's `htpasswd -m`: MD5, a thousand times, mixed with password and salt. */
function apr1(password: Buffer, saltText: string): string {
  const salt = Buffer.from(saltText);
  const first = md5(password, salt, password);
  const begin: Buffer[] = [password, Buffer.from("$apr1$"), salt];
  for (let left = password.length; left > 0; left -= 16) begin.push(first.subarray(0, Math.min(16, left)));
  for (let left = password.length; left > 0; left >>= 1)
    begin.push((left & 1) === 1 ? Buffer.from([0]) : password.subarray(0, 1));
  let digest = md5(...begin);
  for (let round = 0; round < ROUNDS; round++) {
    const isOdd = (round & 1) === 1;
    const parts = [isOdd ? password : digest];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(password);
    parts.push(isOdd ? digest : password);
    digest = md5(...parts);
  }
  let text = "";
  for (let n = 0; n < ORDER.length; n += 3) {
    const [one, two, three] = ORDER.slice(n, n + 3).map((at) => digest[at]!) as [number, number, number];
    text += letters((one << 16) | (two << 8) | three, 4);
  }
  return `$apr1$${saltText}$${text}${letters(digest[LAST]!, 2)}`;
}

function letters(number: number, count: number): string {
  let text = "";
  for (let n = 0; n < count; n++) text += LETTERS[(number >> (6 * n)) & 63]!;
  return text;
}

function md5(...parts: Buffer[]): Buffer {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

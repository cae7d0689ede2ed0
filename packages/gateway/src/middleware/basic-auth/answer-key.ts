import { hash, randomBytes } from "node:crypto";
import type { RoomShare, SharedRoom } from "../shared-room.js";

/** Answers of each kind that are kept. */
const MOST = 10_000;

/** Never leaves the process, so that nothing that is kept shows a password. */
const [INNER, OUTER] = [randomBytes(32).toString("latin1"), randomBytes(32).toString("latin1")];

/** The key of a field with credentials: a keyed hash (NMAC) of it. */
export function answerKey(field: string): string {
  return hash("sha256", OUTER + hash("sha256", INNER + field, "base64"), "base64");
}

/** What is known about credentials, by key. When there are too many, those that were added first are forgotten. */
export class KnownAnswers<Answer> {
  readonly #answers = new Map<string, Answer>();
  #share: RoomShare | undefined;

  /** @param room bounds the answers of several tables together */
  constructor(room?: SharedRoom) {
    this.#share = room?.share(() => this.#forgetOldest());
  }

  get(key: string): Answer | undefined {
    return this.#answers.get(key);
  }

  add(key: string, answer: Answer): void {
    // What is known is not needed, so a table without room does without it.
    if (!this.#answers.has(key) && this.#share?.add() === false) return;
    this.#answers.set(key, answer);
    if (this.#answers.size > MOST) this.#forgetOldest();
  }

  /** The table is no longer used: it gives back its part of the room. */
  close(): void {
    this.#share?.close();
    this.#share = undefined;
  }

  #forgetOldest(): boolean {
    const [oldest] = this.#answers.keys();
    if (oldest === undefined) return false;
    this.#answers.delete(oldest);
    this.#share?.remove();
    return true;
  }
}

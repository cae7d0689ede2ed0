import { hash, randomBytes } from "node:crypto";
import { keepNewest } from "@postern/net";

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

  get(key: string): Answer | undefined {
    return this.#answers.get(key);
  }

  add(key: string, answer: Answer): void {
    this.#answers.set(key, answer);
    keepNewest(this.#answers, MOST);
  }
}

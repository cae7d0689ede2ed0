import { refusals, type Refusal } from "../../http/index.js";
import { KeptEntries } from "../../shared-room/kept-entries.js";
import { AttemptLimit } from "../rate-limit/attempt-limit.js";
import { RateEntry, type Rate } from "../rate-limit/rate-table.js";
import type { Tenancy } from "../tenancy.js";
import type { FieldEdits, Step, StepRequest, Verdict } from "../step.js";
import { readCredentials, type Credentials } from "./credentials.js";
import { answerKey } from "./answer-key.js";
import { VERIFIER, type Verification, type Verifier } from "./verifier.js";

/** A name, and the hash of its password, which `hashForm` accepts. */
export interface BasicAuthUser {
  readonly name: string;
  readonly hash: string;
}

export interface BasicAuthOptions {
  /** Names are unique. With none, nobody is admitted. */
  readonly users: readonly BasicAuthUser[];
}

/** Wrong passwords of a visitor: 10 at once, and 10 a minute. */
export const FAILURES: Rate = { interval: 6_000, burst: 10 };

/** Answers of each kind that are kept. */
const MOST_ANSWERS = 10_000;

/** No password has this hash. */
const NO_HASH = `{SHA}${"A".repeat(27)}=`;

const UNKNOWN: Refusal = {
  ...refusals.PN_ACCESS_PASSWORD,
  fields: { "WWW-Authenticate": 'Basic realm="restricted", charset="UTF-8"' },
};

/** The requests that wait for one check. */
interface Checking {
  readonly verification: Verification;
  waiting: number;
  /** The visitors for which the check counts as a failure. */
  readonly charged: Set<RateEntry>;
}

/**
 * Admits visitors with a name and a password (HTTP Basic authentication). A check takes long, so its answer is kept,
 * and requests with the same credentials share one. A check counts as a failure until the password is known to be
 * right.
 */
export class BasicAuthStep implements Step {
  readonly name = "basic auth";
  readonly #verifier: Verifier;
  readonly #owner: string | undefined;
  readonly #users: ReadonlyMap<string, string>;
  /** Identifies the users, for `inherit`. */
  readonly #content: string;
  /**
   * For unknown names, so that a check takes as long as for known ones. Hashes take different times, so that each
   * unknown name has that of some user.
   */
  readonly #decoys: readonly string[];
  #failures: AttemptLimit;
  #admitted: KeptEntries<FieldEdits>;
  #refused: KeptEntries<true>;
  readonly #checking = new Map<string, Checking>();

  /** @param tenancy undefined: the passwords are the operator's */
  constructor({ users }: BasicAuthOptions, verifier: Verifier = VERIFIER, tenancy?: Tenancy) {
    this.#verifier = verifier;
    this.#owner = tenancy?.owner;
    const room = tenancy?.room;
    this.#failures = new AttemptLimit(FAILURES, room);
    this.#admitted = new KeptEntries({ most: MOST_ANSWERS, room });
    this.#refused = new KeptEntries({ most: MOST_ANSWERS, room });
    this.#users = new Map(users.map(({ name, hash }) => [name, hash]));
    this.#content = JSON.stringify(users);
    this.#decoys = users.length === 0 ? [NO_HASH] : users.map(({ hash }) => hash);
  }

  check(request: StepRequest): Verdict | Promise<Verdict> {
    const field = request.fieldValue("authorization");
    return field === "" ? UNKNOWN : this.checkCredentials(request, field);
  }

  /** @param field credentials of the visitor, as in the Authorization field */
  checkCredentials(request: StepRequest, field: string): Verdict | Promise<Verdict> {
    const { startedAt: now } = request;
    const refused = this.#failures.refusalOf(request.address, now);
    if (refused !== undefined) return refused;
    const key = answerKey(field);
    const known = this.#admitted.get(key);
    if (known !== undefined) {
      request.edit(known);
      return undefined;
    }
    const failures = this.#failures.admit(request.address, now);
    if (!(failures instanceof RateEntry)) return failures;
    if (this.#refused.get(key) !== undefined) {
      this.#failures.count(failures, now);
      return UNKNOWN;
    }
    const credentials = readCredentials(field);
    return credentials === undefined ? UNKNOWN : this.#verify(request, key, credentials, failures);
  }

  inherit(former: Step): void {
    if (!(former instanceof BasicAuthStep)) return;
    this.#failures = former.#failures;
    if (this.#content !== former.#content) {
      former.#admitted.close();
      former.#refused.close();
      return;
    }
    this.#admitted = former.#admitted;
    this.#refused = former.#refused;
  }

  close(): void {
    this.#failures.close();
    this.#admitted.close();
    this.#refused.close();
  }

  #verify(
    request: StepRequest,
    key: string,
    { name, password }: Credentials,
    failures: RateEntry,
  ): Refusal | Promise<Verdict> {
    const checking = this.#checking.get(key) ?? this.#begin(key, name, password);
    if (checking === undefined) return refusals.PN_ACCESS_BUSY;
    checking.waiting++;
    if (!checking.charged.has(failures)) {
      checking.charged.add(failures);
      this.#failures.count(failures, request.startedAt);
    }
    const onAbort = (): void => {
      if (--checking.waiting > 0) return;
      checking.verification.cancel();
      this.#checking.delete(key);
    };
    const { signal } = request;
    signal.addEventListener("abort", onAbort, { once: true });
    return checking.verification.answer.then(
      (isRight) => {
        signal.removeEventListener("abort", onAbort);
        if (!isRight || !this.#users.has(name)) return UNKNOWN;
        request.edit(this.#admitted.get(key) ?? identified(name));
        return undefined;
      },
      () => {
        signal.removeEventListener("abort", onAbort);
        return refusals.PN_ACCESS_BUSY;
      },
    );
  }

  #decoyOf(name: string): string {
    const number = Buffer.from(answerKey(name), "base64").readUInt32BE();
    return this.#decoys[number % this.#decoys.length]!;
  }

  /** @returns undefined if too many others wait */
  #begin(key: string, name: string, password: Buffer): Checking | undefined {
    const hash = this.#users.get(name);
    const verification = this.#verifier.verify(password, hash ?? this.#decoyOf(name), this.#owner);
    if (verification === undefined) return undefined;
    const checking: Checking = { verification, waiting: 0, charged: new Set() };
    this.#checking.set(key, checking);
    const forget = (): void => {
      if (this.#checking.get(key) === checking) this.#checking.delete(key);
    };
    verification.answer.then((isRight) => {
      forget();
      if (!isRight || hash === undefined) return this.#refused.add(key, true);
      this.#admitted.add(key, identified(name));
      for (const failures of checking.charged) this.#failures.forgive(failures);
    }, forget);
    return checking;
  }
}

/** The target gets the visitor's name, and not the password. */
function identified(name: string): FieldEdits {
  const bytes = Buffer.from(name).toString("latin1");
  return {
    names: ["authorization", "x-forwarded-user"],
    lines: `X-Forwarded-User: ${bytes}\r\n`,
    principal: name,
  };
}

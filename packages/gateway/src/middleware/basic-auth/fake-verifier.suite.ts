import { EventEmitter } from "node:events";
import type { Check } from "./verify-worker.js";
import { Verifier, type VerifyWorker } from "./verifier.js";

/** A thread that answers when the test wants it. */
export class FakeWorker extends EventEmitter implements VerifyWorker {
  readonly checks: { password: string; hash: string }[] = [];
  isTerminated = false;

  postMessage({ password, hash }: Check): void {
    this.checks.push({ password: Buffer.from(password).toString(), hash });
  }

  unref(): void {}

  terminate(): void {
    this.isTerminated = true;
    this.emit("exit");
  }

  answer(isRight: boolean): void {
    this.emit("message", isRight);
  }
}

/** A verifier with threads that answer when the test wants it. */
export class FakeVerifier extends Verifier {
  readonly workers: FakeWorker[];

  constructor() {
    const workers: FakeWorker[] = [];
    super(() => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    });
    this.workers = workers;
  }

  /** All checks so far. */
  get checks(): { password: string; hash: string }[] {
    return this.workers.flatMap(({ checks }) => checks);
  }
}

/** Calls `run` with each of `tasks`. After an error, the others are left to `runLater`. */
export function runAll<T>(tasks: readonly T[], run: (task: T) => void, runLater: (task: T) => void): void {
  let done = 0;
  try {
    while (done < tasks.length) run(tasks[done++] as T);
  } finally {
    while (done < tasks.length) runLater(tasks[done++] as T);
  }
}

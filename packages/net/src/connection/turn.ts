/** Something that is done at the end of a turn of the event loop. */
export interface TurnTask {
  onTurnEnd(): void;
}

let turn = 0;
let isCounting = false;
let tasks: TurnTask[] = [];

/** A number that stays the same during one turn of the event loop, and is never used again. */
export function currentTurn(): number {
  if (!isCounting) {
    isCounting = true;
    setImmediate(endTurn);
  }
  return turn;
}

/** Calls `task` when this turn ends: after everything that has arrived by now was read. */
export function atTurnEnd(task: TurnTask): void {
  currentTurn();
  tasks.push(task);
}

function endTurn(): void {
  const due = tasks;
  tasks = [];
  turn++;
  isCounting = false;
  for (const task of due) task.onTurnEnd();
}

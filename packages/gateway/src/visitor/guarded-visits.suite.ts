import { QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import type { FieldEdits, Step } from "../middleware/step.js";
import { Visit } from "./visits.suite.js";

/** A visit to a route with these steps. */
export function guarded(...steps: Step[]): Visit {
  const visit = new Visit();
  visit.upstream.route.steps = stepsOf(...steps);
  return visit;
}

/** A step that changes fields. */
export function editing(edits: FieldEdits): QuickStep {
  return new QuickStep((request) => {
    request.edit(edits);
    return undefined;
  });
}

import { createLivePlan, type Dialplan, type ReplaceablePlan } from '../../../src/dialplan/dialplan.js'

/** A dial plan that a test replaces by hand. A listener that throws fails the test. */
export function livePlan(first: Dialplan): ReplaceablePlan {
  return createLivePlan(first, (fault) => {
    throw fault
  })
}

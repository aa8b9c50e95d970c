/**
 * The earliest moment that is still to come; undefined for none. Moments up to `after` have had their turn: what did not
 * happen then waits for a fact, and must not hide those that are to come.
 */
export function nextMoment(
  after: number,
  ...moments: readonly (number | undefined)[]
): number | undefined {
  let next: number | undefined;
  for (const moment of moments) {
    if (moment === undefined || moment <= after || moment === Infinity) continue;
    if (next === undefined || moment < next) next = moment;
  }
  return next;
}

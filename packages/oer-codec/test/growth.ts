/** How the time of a read grows with its input, told apart from how fast the machine is and what else it does. */

/** Rounds until a machine that is busy with other work has let one large and one small run through undisturbed. */
const ROUNDS = 50;

/**
 * Does the same number of bytes in one large piece and in many small ones, and returns how much longer the large one
 * takes: about 1 if time is linear, about `pieces` if it is quadratic.
 *
 * Disturbances only ever make a run longer, so that the shortest of all rounds counts, and rounds go on only as long as
 * the growth looks like more than `linear`: what is linear needs one undisturbed round out of many, what is not never
 * gets there.
 */
export function growth(
  pieces: number,
  linear: number,
  small: () => unknown,
  large: () => unknown,
  now: () => number = () => performance.now(),
): number {
  const timeOf = (work: () => unknown): number => {
    const start = now();
    work();
    return now() - start;
  };
  const inPieces = (): void => {
    for (let i = 0; i < pieces; i++) small();
  };
  inPieces(); // compiles
  let shortestSmall = Infinity;
  let shortestLarge = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    shortestSmall = Math.min(shortestSmall, timeOf(inPieces));
    shortestLarge = Math.min(shortestLarge, timeOf(large));
    if (round >= 2 && shortestLarge < shortestSmall * linear) break;
  }
  return shortestLarge / shortestSmall;
}

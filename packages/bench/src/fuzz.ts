/**
 * `npm run fuzz -- codecs`: hostile bytes for the decoders. `npm run fuzz -- payment` and `npm run fuzz -- connection`: random
 * schedules of STREAM on virtual time (`--count 1000000 --from 1 --workers 2`), or one again by its seed (`--seed 17`).
 */
import { parseArgs } from 'node:util';

const USAGE =
  'usage: npm run fuzz -- codecs | payment | connection   [--seed N | --from N --count N --workers 1..2]';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000000' },
    workers: { type: 'string', default: '2' },
  },
});
const [part = 'codecs'] = positionals;
if (part === 'codecs') await import('./codecs/fuzz.js');
else if (part === 'payment' || part === 'connection') {
  const { fuzzSchedules } = await import('./stream/fuzz.js');
  const one = values.seed;
  const isFine = await fuzzSchedules({
    kind: part,
    from: wholeNumber(one ?? values.from),
    count: one === undefined ? wholeNumber(values.count) : 1,
    threads: one === undefined ? Math.min(2, wholeNumber(values.workers)) : 1,
  });
  if (!isFine) process.exitCode = 1;
} else {
  console.error(USAGE);
  process.exitCode = 2;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  console.error(`${text} is no whole number from 1\n${USAGE}`);
  process.exit(2);
}

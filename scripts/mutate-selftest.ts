/**
 * Shows that `mutate.ts` finds what tests leave out: runs it on the folder `mutate-selftest`, in which some mutants
 * survive and an entry of the list is out of date, and expects just those to be named and a failing exit status.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = fileURLToPath(new URL('mutate-selftest/', import.meta.url));

const EXPECTED = [
  'src/speed.ts:12  > → >=',
  'src/speed.ts:17  0 → 1  (never met)',
  'src/speed.ts:17  === → !==  (never met)',
  'listed, but there is no such mutant: src/speed.ts: return speed > 130;',
];

const { status, stdout, stderr } = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'scripts/mutate.ts', 'selftest'],
  {
    cwd: root,
    env: { ...process.env, MUTATE_ROOT: folder, MUTATE_PROCESSES: '1' },
    encoding: 'utf8',
  },
);
const found = stdout.split('\n').filter((line) => /^(src\/|listed)/.test(line));
const asExpected = status === 1 && JSON.stringify(found.sort()) === JSON.stringify(EXPECTED.sort());
if (!asExpected) console.log(`NOT OK: exit status ${status}\n${stdout}${stderr}`);
else console.log('ok: the survivors of scripts/mutate-selftest, and no others');
process.exitCode = asExpected ? 0 : 1;

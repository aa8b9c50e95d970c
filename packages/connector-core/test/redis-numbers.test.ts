import { createClient } from '@redis/client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NUMBERS_LUA } from '../src/stores/redis/script/numbers.lua.js';
import { NO_REDIS, RedisServer } from './redis-server.js';

/** Each case is a function's name and its arguments in decimal; the reply is what each gives, in decimal. */
const SCRIPT = `${NUMBERS_LUA}
local functions = { add = add, subtract = subtract, multiply = multiply, compare = compare,
  remainder = remainder }
local out = {}
for i, case in ipairs(cjson.decode(ARGV[1])) do
  local a, b = number(case[2]), number(case[3])
  if case[1] == 'split' then
    local whole, rest = split(a, tonumber(case[3]))
    out[i] = text(whole) .. ' ' .. text(rest)
  elseif case[1] == 'scaleUp' then
    out[i] = text(scaleUp(a, tonumber(case[3])))
  else
    out[i] = text(functions[case[1]](a, b))
  end
end
return cjson.encode(out)`;

const EXACT: Readonly<Record<string, (a: bigint, b: bigint) => string>> = {
  add: (a, b) => String(a + b),
  subtract: (a, b) => String(a - b),
  multiply: (a, b) => String(a * b),
  compare: (a, b) => (a === b ? '0' : a < b ? '-1' : '1'),
  remainder: (a, b) => String(a % b),
  scaleUp: (a, b) => String(a * 10n ** b),
  split: (a, b) => `${a / 10n ** b} ${a % 10n ** b}`,
};

/** Around all the borders: of doubles, of limbs, of 64 bits, and far beyond. */
const magnitude = fc.oneof(
  fc.bigInt({ min: 0n, max: 20n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n }),
  fc.bigInt({ min: 0n, max: 10n ** 40n }),
  fc
    .tuple(
      fc.constantFrom(
        2n ** 53n,
        2n ** 63n,
        2n ** 64n,
        10n ** 7n,
        10n ** 14n,
        10n ** 15n,
        10n ** 21n,
      ),
      fc.bigInt({ min: -3n, max: 3n }),
    )
    .map(([border, step]) => border + step),
);
const whole = fc.tuple(magnitude, fc.boolean()).map(([n, negative]) => (negative ? -n : n));
const places = fc.bigInt({ min: 0n, max: 30n });
const calculation = fc.oneof(
  fc.tuple(fc.constantFrom('add', 'subtract', 'multiply', 'compare'), whole, whole),
  fc.tuple(
    fc.constant('remainder'),
    magnitude,
    magnitude.filter((n) => n > 0n),
  ),
  fc.tuple(fc.constantFrom('scaleUp', 'split'), magnitude, places),
);

describe.skipIf(NO_REDIS !== undefined)(`the script's numbers ${NO_REDIS ?? ''}`, () => {
  let server: RedisServer;
  let client: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = createClient({ socket: { path: server.url.slice('unix://'.length), tls: false } });
    await client.connect();
  });

  afterAll(async () => {
    client.destroy();
    await server.remove();
  });

  it('know one zero only', async () => {
    const big = String(-(10n ** 21n));
    const cases = [
      ['compare', big, big],
      ['multiply', '0', '-5'],
      ['multiply', '0', big],
      ['add', big, big.slice(1)],
      ['subtract', big, big],
    ];
    const reply = await client.sendCommand(['EVAL', SCRIPT, '0', JSON.stringify(cases)]);
    expect(JSON.parse(reply as unknown as string)).toEqual(['0', '0', '0', '0', '0']);
  });

  it('are as exact as bigint, whatever their size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(calculation, { minLength: 50, maxLength: 100 }),
        async (calculations) => {
          const cases = calculations.map(([name, a, b]) => [name, String(a), String(b)]);
          const reply = await client.sendCommand(['EVAL', SCRIPT, '0', JSON.stringify(cases)]);
          const results = JSON.parse(reply as unknown as string) as string[];
          expect(cases.map((each, i) => [...each, results[i]])).toEqual(
            calculations.map(([name, a, b], i) => [...(cases[i] ?? []), EXACT[name]?.(a, b)]),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

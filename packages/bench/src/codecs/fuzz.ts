/**
 * `npm run fuzz --workspace packages/bench`: hostile bytes for every decoder of the codecs, until stopped or for
 * `MINUTES` minutes. Each either returns a value or throws an `OerDecodeError` with an offset within the input; what it
 * returns can be written again, after strict decoding as the same bytes. A failure prints the input.
 */
import { decodePacket, encodePacket, type IlpPacket } from '@pennyswitch/ilp-packet';
import { OerDecodeError, type Schema } from '@pennyswitch/oer-codec';
import { compileAsn1 } from '@pennyswitch/oer-codec/asn1';
import { seededRandom, type SeededRandom } from '@pennyswitch/testkit';
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../../docs/asn1/', import.meta.url);
const SCHEMAS = compileAsn1(
  ...readdirSync(FOLDER)
    .filter((name) => name.endsWith('.asn'))
    .map((name) => readFileSync(new URL(name, FOLDER), 'utf8')),
);

/** Bytes that decide something: lengths, counts, types, limits. */
const TELLING = [
  0, 1, 2, 3, 8, 12, 13, 14, 32, 0x2e, 0x30, 0x67, 0x7f, 0x80, 0x81, 0x82, 0x88, 0xff,
];
/** Inputs that were decoded, to be changed a little for the next ones. */
const found: Uint8Array[] = [];

function inputOf(random: SeededRandom): Uint8Array {
  const base = found[random.int(0, found.length)];
  const bytes = base?.slice(0, random.chance(0.1) ? random.int(0, base.length) : undefined);
  const input = bytes ?? new Uint8Array(random.int(0, 90));
  const changes = base === undefined ? input.length : random.int(1, 4);
  for (let i = 0; i < changes && input.length > 0; i++) {
    const byte = random.chance(0.7)
      ? (TELLING[random.int(0, TELLING.length - 1)] as number)
      : random.int(0, 255);
    input[base === undefined ? i : random.int(0, input.length - 1)] = byte;
  }
  return input;
}

/** Decodes both ways and checks what the decoder promises; returns whether the input was accepted. */
function check(
  input: Uint8Array,
  decode: (bytes: Uint8Array, strict: boolean) => unknown,
  encode: (value: unknown) => Uint8Array,
): boolean {
  let accepted = false;
  for (const strict of [false, true]) {
    try {
      const value = decode(input, strict);
      accepted = true;
      // What was read can be sent on, in its canonical form.
      const sent = encode(value);
      decode(sent, true);
      if (strict && Buffer.compare(sent, input) !== 0) throw new Error('not canonical');
    } catch (error) {
      if (!(error instanceof OerDecodeError)) throw error;
      if (error.offset > input.length) throw new Error(`offset ${error.offset}`, { cause: error });
    }
  }
  return accepted;
}

function checkSchema(schema: Schema<unknown>, input: Uint8Array): boolean {
  return check(
    input,
    (bytes, strict) => (strict ? schema.decodeStrict(bytes) : schema.decode(bytes)),
    (value) => schema.encode(value),
  );
}

function fuzzOnce(seed: number): void {
  const input = inputOf(seededRandom(seed));
  try {
    let accepted = check(
      input,
      (bytes, strict) => decodePacket(bytes, { strict }),
      (value) => encodePacket(value as IlpPacket),
    );
    for (const schema of SCHEMAS.values()) accepted = checkSchema(schema, input) || accepted;
    if (accepted && input.length > 20 && found.length < 1000) found.push(input);
  } catch (error) {
    console.error(`input ${Buffer.from(input).toString('hex')} (seed ${seed})`);
    throw error;
  }
}

const minutes = Number(process.env['MINUTES'] ?? Infinity);
const end = Date.now() + minutes * 60_000;
let seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
let runs = 0;
console.log(`fuzzing from SEED=${seed}`);
while (Date.now() < end) {
  for (let i = 0; i < 1000; i++, runs++) fuzzOnce(seed++);
}
console.log(`${runs} inputs, no failure`);

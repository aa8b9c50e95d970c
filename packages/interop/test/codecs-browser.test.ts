/** The codecs as a browser gets them: bundled, in a realm that has nothing of Node. */
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';

/** What browsers have, and JavaScript does not have by itself. */
const PLATFORM = { TextDecoder, TextEncoder };

/** Bundles a program for browsers and runs it; the value of `result` comes back. */
async function runBundled(program: string): Promise<unknown> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    conditions: ['@pennyswitch/source'],
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((path) => path.includes('node:') || path.includes('node_modules/'))).toEqual(
    [],
  );
  const context = createContext({ ...PLATFORM });
  runInContext(outputFiles[0]?.text ?? '', context);
  return context['result'];
}

test('oer-codec: cursors, schemas and modules', async () => {
  const result = await runBundled(`
    import { OerReader, OerWriter, sequence, utf8String } from '@pennyswitch/oer-codec';
    import { compileAsn1 } from '@pennyswitch/oer-codec/asn1';
    const writer = new OerWriter();
    writer.writeVarUtf8('grüezi');
    const text = sequence({ text: utf8String() }).decode(writer.finish()).text;
    const t = compileAsn1('M DEFINITIONS ::= BEGIN T ::= INTEGER (0..MAX) END').get('T');
    globalThis.result = [text, new OerReader(t.encode(300n)).readVarUIntNumber()].join();
  `);
  expect(result).toBe('grüezi,300');
});

test('ilp-address', async () => {
  const result = await runBundled(`
    import { childAddress, parseIlpAddress } from '@pennyswitch/ilp-address';
    globalThis.result = childAddress(parseIlpAddress('g.acme'), 'bob');
  `);
  expect(result).toBe('g.acme.bob');
});

test('ilp-packet, with its own SHA-256', async () => {
  const result = await runBundled(`
    import { parseIlpAddress } from '@pennyswitch/ilp-address';
    import { conditionOf, decodePrepare, encodePrepare } from '@pennyswitch/ilp-packet';
    const prepare = encodePrepare({
      amount: 5n,
      expiresAt: new Date(0),
      executionCondition: conditionOf(new Uint8Array(32)),
      destination: parseIlpAddress('g.a'),
      data: new Uint8Array(0),
    });
    const { amount, executionCondition } = decodePrepare(prepare);
    globalThis.result = [amount, ...executionCondition.slice(0, 3)].join();
  `);
  expect(result).toBe('5,102,104,122'); // 66687a…, RFC 0031 "Packet"
});

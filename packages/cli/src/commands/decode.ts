import { Command, Option } from 'commander';
import { decodeBytes, DECODE_KINDS, formatDissection, type DecodeKind } from '../decode/decode.js';
import { CommandFailure, ExitCode } from '../exit-codes.js';

interface DecodeFlags {
  readonly as?: DecodeKind;
  readonly secret?: string;
  readonly json?: boolean;
}

/** `pennyswitch decode HEX` */
export function decodeCommand(): Command {
  return new Command('decode')
    .description(
      'show a packet as a tree: each field with its byte offset, its length and its value',
    )
    .argument(
      '<hex>',
      'the packet in hexadecimal; white space and a leading 0x are ignored, - reads it from stdin',
    )
    .addOption(
      new Option(
        '--as <kind>',
        'what it is; packets of BTP and ILP are recognised without',
      ).choices(DECODE_KINDS),
    )
    .option('--secret <secret>', 'shared secret of the STREAM connection, in hexadecimal or base64')
    .option('--json', 'print one JSON object')
    .action(async (text: string, flags: DecodeFlags) => {
      decode(text === '-' ? await readStandardInput() : text, flags);
    });
}

function decode(text: string, flags: DecodeFlags): void {
  const bytes = parseHex(text);
  if (bytes === undefined || bytes.length === 0) {
    throw new CommandFailure(ExitCode.usage, 'expected the bytes of a packet in hexadecimal');
  }
  const secret = flags.secret === undefined ? undefined : parseSecret(flags.secret);
  if (flags.as === 'stream' && secret === undefined) {
    throw new CommandFailure(
      ExitCode.usage,
      '--as stream needs --secret: STREAM packets are encrypted',
    );
  }
  const dissection = decodeBytes(bytes, { as: flags.as, secret });
  if (dissection === undefined) {
    throw new CommandFailure(
      ExitCode.malformed,
      `no packet of BTP or ILP starts with ${text.trim().slice(0, 2)}; say with --as what it is (${DECODE_KINDS.join(', ')})`,
    );
  }
  const output =
    flags.json === true ? JSON.stringify(dissection, undefined, 2) : formatDissection(dissection);
  process.stdout.write(`${output}\n`);
  if (dissection.problem !== undefined) process.exitCode = ExitCode.malformed;
}

function parseHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s|^\s*0x/gi, '');
  return /^([0-9a-f]{2})*$/i.test(digits) ? new Uint8Array(Buffer.from(digits, 'hex')) : undefined;
}

/** 16 bytes or more, as hexadecimal or as base64 in either alphabet. */
function parseSecret(text: string): Uint8Array {
  const secret = parseHex(text) ?? new Uint8Array(Buffer.from(text, 'base64'));
  if (secret.length < 16) {
    throw new CommandFailure(
      ExitCode.usage,
      '--secret is no secret of at least 16 bytes in hexadecimal or base64',
    );
  }
  return secret;
}

async function readStandardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}

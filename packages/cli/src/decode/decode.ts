import { StreamKeys } from '@pennyswitch/stream';
import { dissectBtp, startsBtpPacket } from './btp.js';
import { dissectRouteControl, dissectRouteUpdate } from './ccp.js';
import { dissect, type Dissection, type Dissector } from './dissection.js';
import { dissectConfiguration } from './ildcp.js';
import { dissectIlp, startsIlpPacket } from './ilp.js';
import { dissectSealed } from './stream.js';

/** What bytes can be taken for. Packets of BTP and ILP are recognised by their first byte, the others are not. */
export const DECODE_KINDS = ['btp', 'ilp', 'ildcp', 'ccp-control', 'ccp-update', 'stream'] as const;

export type DecodeKind = (typeof DECODE_KINDS)[number];

/** How to read some bytes. */
export interface DecodeOptions {
  /** What they are; told from the first byte where it is missing. */
  readonly as?: DecodeKind | undefined;
  /** The shared secret of a STREAM connection, to open what its packets carry. */
  readonly secret?: Uint8Array | undefined;
}

/** The kind that the first byte stands for, or undefined. */
export function detectKind(bytes: Uint8Array): DecodeKind | undefined {
  const first = bytes[0] ?? 0;
  if (startsBtpPacket(first)) return 'btp';
  return startsIlpPacket(first) ? 'ilp' : undefined;
}

/**
 * Takes a packet apart. Malformed packets are read as far as possible.
 * @returns undefined where the kind is not given and the first byte tells none.
 */
export function decodeBytes(bytes: Uint8Array, options: DecodeOptions): Dissection | undefined {
  const kind = options.as ?? detectKind(bytes);
  if (kind === undefined) return undefined;
  const keys = options.secret === undefined ? undefined : new StreamKeys(options.secret);
  const readers: Record<DecodeKind, (dissector: Dissector) => string> = {
    btp: (dissector) => dissectBtp(dissector, keys),
    ilp: (dissector) => dissectIlp(dissector, keys),
    ildcp: dissectConfiguration,
    'ccp-control': dissectRouteControl,
    'ccp-update': dissectRouteUpdate,
    stream: (dissector) => {
      if (keys === undefined)
        throw dissector.reader.error('BAD_VALUE', 'a STREAM packet needs --secret');
      const sealed = dissector.reader.readOctets(dissector.reader.remaining);
      return dissectSealed(dissector, sealed, keys);
    },
  };
  return dissect(bytes, readers[kind]);
}

/** A dissection as lines: offset and length of each field, then its name and value, indented by depth. */
export function formatDissection({ title, fields, problem }: Dissection): string {
  const lines = [title];
  const visit = (list: Dissection['fields'], depth: number): void => {
    for (const { name, offset, length, value, fields: inner } of list) {
      const place = `${String(offset).padStart(6)} ${`+${length}`.padStart(6)}`;
      const text = value === undefined ? name : `${name}: ${value}`;
      lines.push(`${place}  ${'  '.repeat(depth)}${text}`);
      if (inner !== undefined) visit(inner, depth + 1);
    }
  };
  visit(fields, 0);
  if (problem !== undefined) lines.push(`cannot be read further: ${problem.message}`);
  return lines.join('\n');
}

import { isIlpAddress, parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { encodePrepare, PrepareView } from '@pennyswitch/ilp-packet';
import { OerDecodeError, OerReader, OerWriter } from '@pennyswitch/oer-codec';
import { scope, type NodeView } from './arrival-steps.js';
import type { Incoming, StepFields } from './context.js';
import { REJECTIONS } from './rejections.js';
import type { Step } from './step.js';

/** The 16 bytes that an echo request and its answer start with. */
const PREFIX: Uint8Array = new TextEncoder().encode('ECHOECHOECHOECHO');
const REQUEST = 0;
const RESPONSE = 1;

/** The data of an echo request: to whom the answer goes. */
export function encodeEchoRequest(source: IlpAddress): Uint8Array {
  const writer = new OerWriter();
  writer.writeOctets(PREFIX);
  writer.writeUInt8(REQUEST);
  writer.writeVarAscii(source);
  return writer.finish();
}

/** Whether data is the answer to an echo request. */
export function isEchoResponse(data: Uint8Array): boolean {
  return hasPrefix(data) && data[PREFIX.length] === RESPONSE;
}

/**
 * Answers pings as deployed connectors do: a packet to this node's own address that starts with `ECHOECHOECHOECHO` goes on to the
 * address that it names, as one to fulfil by whoever asked. It takes the usual way from here, with the usual rate and books.
 */
export function echo(node: NodeView): Step<Incoming> {
  const { run: checkScope } = scope(node);
  return {
    name: 'echo',
    run(context) {
      const { prepare } = context;
      if (node.hasLocalHandler || prepare.destination !== node.address) return undefined;
      if (!hasPrefix(prepare.data)) return undefined;
      const source = readSource(prepare.data);
      if (source === undefined) return REJECTIONS.badEcho;
      const draft: StepFields = context as Incoming & StepFields;
      draft.prepare = new PrepareView(
        encodePrepare({
          amount: context.amount,
          expiresAt: new Date(context.expiresAt),
          executionCondition: context.condition,
          destination: source,
          data: Uint8Array.of(...PREFIX, RESPONSE),
        }),
      );
      draft.mayReflect = true;
      // What was checked is the address of the request, not that of the answer.
      return checkScope(context);
    },
  };
}

function hasPrefix(data: Uint8Array): boolean {
  return data.length > PREFIX.length && PREFIX.every((byte, i) => byte === data[i]);
}

/** The address in a request; undefined for anything else. */
function readSource(data: Uint8Array): IlpAddress | undefined {
  try {
    const reader = new OerReader(data);
    reader.skip(PREFIX.length);
    if (reader.readUInt8() !== REQUEST) return undefined;
    const source = reader.readVarAscii(1023);
    return isIlpAddress(source) ? parseIlpAddress(source) : undefined;
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
}

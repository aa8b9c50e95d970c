import {
  isIlpAddress,
  readIlpAddress,
  writeIlpAddress,
  type IlpAddress,
} from '@pennyswitch/ilp-address';
import { OerEncodeError, OerReader, OerWriter } from '@pennyswitch/oer-codec';

/** What a parent tells its child (RFC 0031 "Packet", DynamicConfigurationProtocol.asn). */
export interface IldcpResponse {
  /** The address that the child shall use as its own. */
  readonly clientAddress: IlpAddress;
  /** The asset of the account between the two, for example `EUR`; any text of at least one character. */
  readonly assetCode: string;
  /** One whole unit of the asset is 10^assetScale of the units that packets count in; 0 to 255. */
  readonly assetScale: number;
}

/** The longest asset code that is accepted, in bytes of UTF-8: enough for any name, too little to fill a memory. */
export const MAX_ASSET_CODE_LENGTH = 255;

/**
 * Writes the data of the Fulfill that answers a request.
 * @throws {@link OerEncodeError} for an invalid address, a scale outside 0 to 255, an empty or overlong asset code.
 */
export function encodeIldcpResponse(response: IldcpResponse): Uint8Array {
  const { clientAddress, assetCode, assetScale } = response;
  if (!isIlpAddress(clientAddress)) {
    throw new OerEncodeError('BAD_VALUE', `${JSON.stringify(clientAddress)} is no ILP address`);
  }
  if (assetCode === '') throw new OerEncodeError('BAD_VALUE', 'the asset code is empty');
  const writer = new OerWriter();
  writeIlpAddress(writer, clientAddress);
  writer.writeUInt8(assetScale);
  const before = writer.length;
  writer.writeVarUtf8(assetCode);
  if (writer.length - before > MAX_ASSET_CODE_LENGTH + 2) {
    throw new OerEncodeError(
      'TOO_LONG',
      `the asset code is longer than ${MAX_ASSET_CODE_LENGTH} bytes`,
    );
  }
  return writer.finish();
}

/**
 * Reads the data of the Fulfill that answers a request. Bytes behind the three fields are ignored: later versions may
 * add some (RFC 0031 "Overview", RFC 0030 "Extensibility").
 * @throws {@link OerDecodeError} for anything malformed, an address that is none, an empty asset code.
 */
export function decodeIldcpResponse(data: Uint8Array): IldcpResponse {
  const reader = new OerReader(data);
  const clientAddress = readIlpAddress(reader);
  const assetScale = reader.readUInt8();
  const at = reader.offset;
  const assetCode = reader.readVarUtf8(MAX_ASSET_CODE_LENGTH);
  if (assetCode === '') throw reader.error('BAD_VALUE', 'the asset code is empty', at);
  return { clientAddress, assetCode, assetScale };
}

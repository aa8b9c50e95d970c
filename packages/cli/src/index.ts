/**
 * The Pennyswitch node, wallet and tools: the command that a person runs.
 *
 * For programs there is what `pennyswitch decode` is made of, {@link decodeBytes}, and the meaning of the command's exit
 * status, {@link ExitCode}.
 *
 * @packageDocumentation
 */
export {
  decodeBytes,
  DECODE_KINDS,
  detectKind,
  formatDissection,
  type DecodeKind,
  type DecodeOptions,
} from './decode/decode.js';
export type { Dissection, Field } from './decode/dissection.js';
export { ExitCode } from './exit-codes.js';

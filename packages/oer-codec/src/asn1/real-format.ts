import type { Asn1Module, ConstraintNode } from './model.js';
import type { Scope } from './scope.js';

/**
 * The largest mantissa and the exponents of binary32 and binary64 (X.696 12.2, 12.3). Where X.696 has -1074 to 971,
 * Interledger's module GenericTypes has -1075 to 970.
 */
const FORMATS = [
  ['real32', 0xff_ffffn, -149n, 104n],
  ['real64', 0x1f_ffff_ffff_ffffn, -1075n, 971n],
] as const;

/** The format in which a REAL with this constraint is encoded; undefined for one that neither can hold (X.696 12.4). */
export function realFormat(
  scope: Scope,
  module: Asn1Module,
  { real }: ConstraintNode,
): 'real32' | 'real64' | undefined {
  const isWithin = (name: string, lowest: bigint, highest: bigint): boolean => {
    const { min, max } = scope.range(module, real?.[name] && [[real[name]]]);
    return min !== undefined && max !== undefined && min >= lowest && max <= highest;
  };
  if (!isWithin('base', 2n, 2n)) return undefined;
  return FORMATS.find(
    ([, mantissa, lowest, highest]) =>
      isWithin('mantissa', -mantissa, mantissa) && isWithin('exponent', lowest, highest),
  )?.[0];
}

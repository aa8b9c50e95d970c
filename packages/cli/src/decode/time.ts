import { formatGeneralizedTime, type OerReader } from '@pennyswitch/oer-codec';

/** A GeneralizedTime for people, as it would be written; second 60 stays. */
export function readGeneralizedTimeText(reader: OerReader): string {
  const text = formatGeneralizedTime(reader.readGeneralizedTime(true));
  return text.replace(/^(....)(..)(..)(..)(..)(.*)$/, '$1-$2-$3T$4:$5:$6');
}

import { utf8Length } from '@pennyswitch/oer-codec';

/** The longest reason that the other end is told, in UTF-16 units. */
const MAX_LENGTH = 500;

/** The part of a reason that a frame can carry: the application may have taken it from anywhere. */
export function writable(reason: string): string {
  const short = reason.slice(0, MAX_LENGTH);
  return utf8Length(short) < 0 ? '' : short;
}

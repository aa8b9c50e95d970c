import type { OerReader, OerWriter } from '@pennyswitch/oer-codec';

/** Something more that is said about a route. No property is defined; unknown ones are not passed on. */
export interface RouteProperty {
  /** 0 to 65535. */
  readonly id: number;
  /** Whether receivers that do not know it may still use the route. */
  readonly isOptional: boolean;
  /** Whether it may be passed on by those that do not know it. Always so for one that is not optional. */
  readonly isTransitive: boolean;
  /** Whether somebody on the path passed it on without knowing it; only with optional and transitive. */
  readonly isPartial: boolean;
  /** Text travels as UTF-8 and is marked as such. */
  readonly value: Uint8Array | string;
}

const OPTIONAL = 0x80;
const TRANSITIVE = 0x40;
const PARTIAL = 0x20;
const UTF8 = 0x10;

/** The fewest bytes that a property takes. */
export const PROPERTY_MIN_SIZE = 4;

/** Reads one property; `value` is a view where it is no text. */
export function readRouteProperty(reader: OerReader): RouteProperty {
  const meta = reader.readUInt8();
  return {
    isOptional: (meta & OPTIONAL) !== 0,
    isTransitive: (meta & TRANSITIVE) !== 0,
    isPartial: (meta & PARTIAL) !== 0,
    id: reader.readUInt16(),
    value: (meta & UTF8) === 0 ? reader.readVarOctets() : reader.readVarUtf8(),
  };
}

/** Writes one property, with the flags that deployed writers make of it: see {@link RouteProperty}. */
export function writeRouteProperty(writer: OerWriter, property: RouteProperty): void {
  const { id, value } = property;
  const isText = typeof value === 'string';
  writer.writeUInt8(flagsOf(property) | (isText ? UTF8 : 0));
  writer.writeUInt16(id);
  if (isText) writer.writeVarUtf8(value);
  else writer.writeVarOctets(value);
}

function flagsOf({ isOptional, isTransitive, isPartial }: RouteProperty): number {
  if (!isOptional) return TRANSITIVE;
  if (!isTransitive) return OPTIONAL;
  return OPTIONAL | TRANSITIVE | (isPartial ? PARTIAL : 0);
}

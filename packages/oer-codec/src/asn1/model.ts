/** What a module says, as the parser understood it. Names are resolved when schemas are made of it. */

/** A value in a constraint or DEFAULT. */
export type ValueNode =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** `'0A3'H` or `'101'B`: how many bits, the first in the highest bit of the first byte. */
  | { readonly kind: 'bits'; readonly bytes: Uint8Array; readonly length: number }
  /** `{}`: a list or SEQUENCE with nothing in it. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | { readonly kind: 'min' }
  | { readonly kind: 'max' };

/** A range of values; a single one has the same value twice. */
export interface RangeNode {
  readonly from: ValueNode;
  readonly to: ValueNode;
  /** `5<..9`: the range begins above `from`. */
  readonly isAbove?: boolean;
  /** `5..<9`: the range ends below `to`. */
  readonly isBelow?: boolean;
}

/** What is within one of some ranges: `1..5 | 9`. */
export type UnionNode = readonly RangeNode[];

/** The constraints of a type that have to do with its encoding. What stands in one list holds all at once. */
export interface ConstraintNode {
  readonly values?: readonly UnionNode[];
  readonly size?: readonly UnionNode[];
  /** The characters of FROM. */
  readonly from?: readonly UnionNode[];
  /** For REAL: what its mantissa, base and exponent may be. */
  readonly real?: Readonly<Record<string, RangeNode>>;
}

/** A component of a SEQUENCE, SET or CHOICE. */
export interface ComponentNode {
  readonly name: string;
  readonly type: TypeNode;
  readonly presence: 'required' | 'optional' | ValueNode;
  readonly line: number;
}

/** Components that were added together: `[[ ... ]]`. */
export interface GroupNode {
  readonly kind: 'group';
  readonly components: readonly ComponentNode[];
}

/** What stands behind an extension marker. */
export type AdditionNode = ComponentNode | GroupNode;

/** A tag as it is written: `[APPLICATION 5]`. */
export interface TagNode {
  readonly class: 'universal' | 'application' | 'context' | 'private';
  readonly number: number;
}

export type BuiltinName =
  | 'BOOLEAN'
  | 'NULL'
  | 'INTEGER'
  | 'REAL'
  | 'OCTET STRING'
  | 'BIT STRING'
  | 'OBJECT IDENTIFIER'
  | 'RELATIVE-OID'
  | 'UTF8String'
  | 'IA5String'
  | 'PrintableString'
  | 'VisibleString'
  | 'NumericString'
  | 'BMPString'
  | 'UniversalString'
  | 'UTCTime'
  | 'GeneralizedTime';

/** What all types have. */
interface TypeBase {
  readonly constraint: ConstraintNode;
  readonly line: number;
  /** The outermost tag, where there is one. */
  readonly tag?: TagNode;
}

/** A type, as it is written. */
export type TypeNode = TypeBase &
  (
    | {
        readonly kind: 'builtin';
        readonly name: BuiltinName;
        /** Whether the bits of a BIT STRING have names. */
        readonly named?: boolean;
      }
    | { readonly kind: 'reference'; readonly name: string }
    | {
        readonly kind: 'enumerated';
        readonly names: readonly (readonly [string, number])[];
        readonly extensible: boolean;
      }
    | { readonly kind: 'list'; readonly of: 'SEQUENCE' | 'SET'; readonly element: TypeNode }
    | {
        readonly kind: 'structure';
        readonly of: 'SEQUENCE' | 'SET' | 'CHOICE';
        readonly components: readonly ComponentNode[];
        /** Behind the extension marker; undefined without one. */
        readonly additions: readonly AdditionNode[] | undefined;
      }
    | {
        /** `CLASS.&field ({Set})`, with the component that chooses (`{@type}`) for an open type. */
        readonly kind: 'class field';
        readonly className: string;
        readonly field: string;
        readonly set: string;
        readonly chosenBy: string | undefined;
      }
  );

/** An information object class of an id and a type. */
export interface ClassNode {
  /** Fields by name (`&typeId`), with the type of those that are values. */
  readonly fields: ReadonlyMap<string, TypeNode | undefined>;
}

/** An information object set: which type goes with which id. */
export interface ObjectSetNode {
  readonly className: string;
  readonly rows: readonly { readonly id: ValueNode; readonly type: TypeNode }[];
  /** Whether a later version may have more of them: `...`. */
  readonly extensible: boolean;
}

/** A module. */
export interface Asn1Module {
  readonly name: string;
  /** Whether components without tags get theirs by their place: AUTOMATIC TAGS. */
  readonly automaticTags: boolean;
  /** Which module each imported name comes from. */
  readonly imports: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, TypeNode>;
  readonly values: ReadonlyMap<string, ValueNode>;
  readonly classes: ReadonlyMap<string, ClassNode>;
  readonly objectSets: ReadonlyMap<string, ObjectSetNode>;
}

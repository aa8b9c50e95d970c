import { OerEncodeError } from '../errors.js';
import type {
  AdditionNode,
  Asn1Module,
  ComponentNode,
  ConstraintNode,
  TypeNode,
  UnionNode,
  ValueNode,
} from './model.js';
import { realFormat } from './real-format.js';
import type { Scope } from './scope.js';
import { hasAutomaticTags, inOrderOfTags, tagOf } from './tags.js';
import { Asn1SyntaxError } from './tokens.js';

/** The functions of this package that make schemas. */
export type SchemaFunction =
  | 'additionGroup'
  | 'bitString'
  | 'bmpString'
  | 'boolean'
  | 'choice'
  | 'enumerated'
  | 'extensibleChoice'
  | 'extensibleEnumerated'
  | 'generalizedTime'
  | 'ia5String'
  | 'integer'
  | 'nullType'
  | 'numericString'
  | 'objectIdentifier'
  | 'octetString'
  | 'optional'
  | 'printableString'
  | 'real32'
  | 'real64'
  | 'relativeOid'
  | 'sequence'
  | 'sequenceByOpenTable'
  | 'sequenceByTable'
  | 'sequenceOf'
  | 'set'
  | 'setOf'
  | 'universalString'
  | 'utcTime'
  | 'utf8String'
  | 'visibleString'
  | 'withDefault';

/** What modules are translated into: schemas, or the TypeScript that makes them. */
export interface Target<S> {
  /** What a call of a function gives; the arguments are plain values, with `S` among them. */
  call(name: SchemaFunction, ...args: unknown[]): S;
  /** A type by its name. */
  reference(module: Asn1Module, name: string, line: number): S;
}

const STRINGS = {
  UTF8String: 'utf8String',
  IA5String: 'ia5String',
  PrintableString: 'printableString',
  VisibleString: 'visibleString',
  NumericString: 'numericString',
  BMPString: 'bmpString',
  UniversalString: 'universalString',
} as const;

const PLAIN = {
  BOOLEAN: 'boolean',
  NULL: 'nullType',
  'OBJECT IDENTIFIER': 'objectIdentifier',
  'RELATIVE-OID': 'relativeOid',
  GeneralizedTime: 'generalizedTime',
  UTCTime: 'utcTime',
} as const;

const MAX_DEPTH = 256;

/** Translates types of modules into calls of the functions that make schemas. */
export class Translator<S> {
  readonly #scope: Scope;
  readonly #target: Target<S>;
  #depth = 0;

  constructor(scope: Scope, target: Target<S>) {
    this.#scope = scope;
    this.#target = target;
  }

  type(module: Asn1Module, type: TypeNode): S {
    if (this.#depth === MAX_DEPTH) {
      throw new Asn1SyntaxError(type.line, `defined through more than ${MAX_DEPTH} others`);
    }
    this.#depth += 1;
    try {
      return this.#type(module, type);
    } catch (error) {
      // What no schema can be made of: bounds without values, two alternatives with one tag.
      if (!(error instanceof RangeError || error instanceof OerEncodeError)) throw error;
      throw new Asn1SyntaxError(type.line, error.message);
    } finally {
      this.#depth -= 1;
    }
  }

  #type(module: Asn1Module, type: TypeNode): S {
    switch (type.kind) {
      case 'reference':
        return this.#reference(module, type);
      case 'builtin':
        return this.#builtin(module, type, type.constraint);
      case 'enumerated':
        return this.#target.call(
          type.extensible ? 'extensibleEnumerated' : 'enumerated',
          Object.fromEntries(type.names),
        );
      case 'list':
        return this.#list(module, type, type.constraint);
      case 'structure':
        return type.of === 'CHOICE' ? this.#choice(module, type) : this.#sequence(module, type);
      case 'class field':
        return this.#idType(module, type);
    }
  }

  /** A type by its name; one with more constraints is a type of its own. */
  #reference(module: Asn1Module, type: TypeNode & { readonly kind: 'reference' }): S {
    const { name, line } = type;
    const end = this.#scope.dereference(module, type);
    if (Object.keys(type.constraint).length === 0)
      return this.#target.reference(module, name, line);
    const { constraint } = end;
    if (end.type.kind === 'list') return this.#list(end.module, end.type, constraint);
    if (end.type.kind !== 'builtin') return this.#target.reference(module, name, line);
    return this.#builtin(end.module, end.type, constraint);
  }

  #list(
    module: Asn1Module,
    type: TypeNode & { readonly kind: 'list' },
    constraint: ConstraintNode,
  ): S {
    const size = this.#size(module, constraint.size);
    const element = this.type(module, type.element);
    const args = size === undefined ? [element] : [element, size];
    return this.#target.call(type.of === 'SET' ? 'setOf' : 'sequenceOf', ...args);
  }

  #builtin(
    module: Asn1Module,
    type: TypeNode & { readonly kind: 'builtin' },
    constraint: ConstraintNode,
  ): S {
    const { name } = type;
    if (name === 'INTEGER')
      return this.#target.call('integer', ...this.#bounds(module, constraint));
    if (name === 'REAL') return this.#real(module, type, constraint);
    if (name in PLAIN) return this.#target.call(PLAIN[name as keyof typeof PLAIN]);
    const size = this.#size(module, constraint.size);
    const sizes = size === undefined ? [] : [size];
    if (name === 'OCTET STRING') return this.#target.call('octetString', ...sizes);
    if (name === 'BIT STRING') {
      const args = type.named === true ? [size, { named: true }] : sizes;
      return this.#target.call('bitString', ...args);
    }
    const options = {
      ...(size !== undefined && { size }),
      ...(constraint.from !== undefined && { from: this.#scope.alphabet(module, constraint.from) }),
    };
    const args = Object.keys(options).length === 0 ? [] : [options];
    return this.#target.call(STRINGS[name as keyof typeof STRINGS], ...args);
  }

  /** The bounds of an INTEGER: as numbers where its encoding has up to four bytes, otherwise as bigints. */
  #bounds(module: Asn1Module, constraint: ConstraintNode): (number | bigint | undefined)[] {
    const { min, max } = this.#scope.range(module, constraint.values);
    if (min === undefined && max === undefined) return [];
    if (max === undefined) return [min];
    if (min === undefined) return [undefined, max];
    const small = min >= 0n ? max < 1n << 32n : min >= -(1n << 31n) && max < 1n << 31n;
    return small ? [Number(min), Number(max)] : [min, max];
  }

  #real(module: Asn1Module, type: TypeNode, constraint: ConstraintNode): S {
    const make = realFormat(this.#scope, module, constraint);
    if (make !== undefined) return this.#target.call(make);
    throw new Asn1SyntaxError(
      type.line,
      'a REAL needs the mantissa, the base and the exponents of binary32 or binary64',
    );
  }

  #size(
    module: Asn1Module,
    unions: readonly UnionNode[] | undefined,
  ): number | { min?: number; max?: number } | undefined {
    if (unions === undefined) return undefined;
    const { min: low = 0n, max } = this.#scope.range(module, unions);
    const min = Number(low);
    if (max === low) return min;
    return { ...(min > 0 && { min }), ...(max !== undefined && { max: Number(max) }) };
  }

  #sequence(module: Asn1Module, type: TypeNode & { readonly kind: 'structure' }): S {
    const last = type.components.at(-1);
    if (last?.type.kind === 'class field' && last.type.chosenBy !== undefined) {
      if (type.of === 'SET' || type.additions !== undefined || last.presence !== 'required') {
        const reason =
          'a chosen type is not supported in a SET, before additions, or if it may be missing';
        throw new Asn1SyntaxError(type.line, reason);
      }
      return this.#table(module, type.components, last.type, last.name);
    }
    const isSet = type.of === 'SET';
    const nodes = isSet ? inOrderOfTags(this.#scope, module, type.components) : type.components;
    const components = this.#components(module, nodes);
    const make = isSet ? 'set' : 'sequence';
    if (type.additions === undefined) return this.#target.call(make, components);
    return this.#target.call(make, components, {
      additions: this.#additions(module, type.additions),
    });
  }

  /** No identifier of ASN.1 has an underscore, so that the name of a group cannot be that of a component. */
  #additions(module: Asn1Module, additions: readonly AdditionNode[]): Record<string, S> {
    return Object.assign(
      {},
      ...additions.map((node, i) =>
        'name' in node
          ? this.#components(module, [node])
          : {
              [`group_${i}`]: this.#target.call(
                'additionGroup',
                this.#components(module, node.components),
              ),
            },
      ),
    ) as Record<string, S>;
  }

  #components(module: Asn1Module, components: readonly ComponentNode[]): Record<string, S> {
    checkNames(components);
    return Object.fromEntries(
      components.map(({ name, type, presence }) => {
        const schema = this.type(module, type);
        if (presence === 'required') return [name, schema];
        if (presence === 'optional') return [name, this.#target.call('optional', schema)];
        const value = this.#defaultValue(module, type, presence);
        return [name, this.#target.call('withDefault', schema, value)];
      }),
    );
  }

  #defaultValue(module: Asn1Module, type: TypeNode, value: ValueNode): unknown {
    const end = this.#scope.dereference(module, type);
    if (end.type.kind === 'enumerated' && value.kind === 'name') return value.name;
    const name = end.type.kind === 'builtin' ? end.type.name : undefined;
    const found = this.#scope.value(module, value);
    switch (found.kind) {
      case 'text':
      case 'boolean':
        return found.value;
      case 'null':
        return null;
      case 'number': {
        if (name !== 'INTEGER') break;
        const bounds = this.#bounds(end.module, end.constraint);
        return typeof bounds[0] === 'number' ? Number(found.value) : found.value;
      }
      case 'bits':
        if (name === 'OCTET STRING') return found.bytes;
        if (name === 'BIT STRING') return { bytes: found.bytes, length: found.length };
        break;
      case 'empty':
        if (end.type.kind === 'list') return [];
        if (name === 'BIT STRING') return { bytes: new Uint8Array(0), length: 0 };
        if (end.type.kind === 'structure') return {};
        break;
      default:
        break;
    }
    throw new Asn1SyntaxError(type.line, 'this DEFAULT is not supported');
  }

  /** Groups make no difference here: each alternative behind the marker is an addition of its own (X.696 20). */
  #choice(module: Asn1Module, type: TypeNode & { readonly kind: 'structure' }): S {
    const additions = (type.additions ?? []).flatMap((node) =>
      'name' in node ? [node] : node.components,
    );
    const all = [...type.components, ...additions];
    const isAdded = new Set(additions);
    checkNames(all);
    const isAutomatic = hasAutomaticTags(module, all);
    const alternatives = all.map((node): [string, unknown] => {
      const schema = this.type(module, node.type);
      const isAddition = isAdded.has(node);
      if (isAutomatic && !isAddition) return [node.name, schema];
      const tag = isAutomatic ? {} : { tag: this.#tag(module, node.type) };
      return [node.name, { schema, ...tag, ...(isAddition && { extension: true }) }];
    });
    const make = type.additions === undefined ? 'choice' : 'extensibleChoice';
    return this.#target.call(make, Object.fromEntries(alternatives));
  }

  #tag(module: Asn1Module, type: TypeNode): { number: number; class?: string } {
    const tag = tagOf(this.#scope, module, type);
    return tag.class === 'context'
      ? { number: tag.number }
      : { number: tag.number, class: tag.class };
  }

  /** The type of the value field of a class. */
  #idType(module: Asn1Module, type: TypeNode & { readonly kind: 'class field' }): S {
    const found = this.#scope.classOf(module, type.className, type.line);
    const id = found.node.fields.get(type.field);
    if (id === undefined || type.chosenBy !== undefined) {
      throw new Asn1SyntaxError(type.line, 'a chosen type stands at the end of a SEQUENCE');
    }
    return this.type(found.module, id);
  }

  #table(
    module: Asn1Module,
    components: readonly ComponentNode[],
    chosen: TypeNode & { readonly kind: 'class field' },
    data: string,
  ): S {
    checkNames(components);
    const head = components.slice(0, -1);
    if (!head.some(({ name, presence }) => name === chosen.chosenBy && presence === 'required')) {
      throw new Asn1SyntaxError(chosen.line, `${data} is chosen by what is not always before it`);
    }
    const set = this.#scope.objectSet(module, chosen.set, chosen.line);
    const rows = set.node.rows.map(({ id, type }): [string, S] => {
      const number = this.#scope.number(set.module, id);
      if (number === undefined) throw new Asn1SyntaxError(type.line, 'an id is a number');
      return [String(number), this.type(set.module, type)];
    });
    if (new Set(rows.map(([id]) => id)).size < rows.length) {
      throw new Asn1SyntaxError(chosen.line, `two objects of ${chosen.set} have one id`);
    }
    const options = {
      components: this.#components(module, head),
      id: chosen.chosenBy,
      data,
    };
    const make = set.node.extensible ? 'sequenceByOpenTable' : 'sequenceByTable';
    return this.#target.call(make, options, Object.fromEntries(rows));
  }
}

function checkNames(components: readonly ComponentNode[]): void {
  const names = new Set<string>();
  for (const { name, line } of components) {
    if (names.has(name)) throw new Asn1SyntaxError(line, `two components are called ${name}`);
    names.add(name);
  }
}

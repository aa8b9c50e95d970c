import type {
  Asn1Module,
  ClassNode,
  ConstraintNode,
  ObjectSetNode,
  RangeNode,
  TagNode,
  TypeNode,
  UnionNode,
  ValueNode,
} from './model.js';
import { both } from './parse-constraint.js';
import { Asn1SyntaxError } from './tokens.js';

/** A name found, and the module that defines it. */
export interface Found<T> {
  readonly module: Asn1Module;
  readonly node: T;
}

/** The type that references lead to, with the constraints and the outermost tag on the way. */
export interface Dereferenced {
  readonly module: Asn1Module;
  readonly type: TypeNode;
  readonly constraint: ConstraintNode;
  readonly tag: TagNode | undefined;
}

/** The lowest and highest of some values; undefined for no bound. */
export interface Range {
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

/** How many names may lead from one to the next: each of them is followed again for each type. */
const MAX_REFERENCES = 256;

/** How many characters are looked at for FROM: each becomes one of a set, and of the TypeScript. */
const MAX_CHARACTERS = 0x2_0000;

/** All modules, and what the names in each of them stand for. */
export class Scope {
  readonly modules: ReadonlyMap<string, Asn1Module>;
  /** Of all FROM so far. */
  #characterCount = 0;

  constructor(modules: readonly Asn1Module[]) {
    this.modules = new Map(modules.map((module) => [module.name, module]));
    if (this.modules.size < modules.length) {
      throw new Asn1SyntaxError(1, 'two modules have the same name');
    }
  }

  type(module: Asn1Module, name: string, line: number): Found<TypeNode> {
    return this.#find(module, name, line, ({ types }) => types);
  }

  classOf(module: Asn1Module, name: string, line: number): Found<ClassNode> {
    return this.#find(module, name, line, ({ classes }) => classes);
  }

  objectSet(module: Asn1Module, name: string, line: number): Found<ObjectSetNode> {
    return this.#find(module, name, line, ({ objectSets }) => objectSets);
  }

  /** The number that a value stands for; undefined for MIN and MAX. A `RangeError` for what is none. */
  number(module: Asn1Module, value: ValueNode): bigint | undefined {
    const found = this.value(module, value);
    if (found.kind === 'number') return found.value;
    if (found.kind === 'min' || found.kind === 'max') return undefined;
    throw new RangeError('expected a number');
  }

  /** A value that is no name. */
  value(module: Asn1Module, value: ValueNode): ValueNode {
    let at: Found<ValueNode> = { module, node: value };
    for (let steps = 0; at.node.kind === 'name'; steps++) {
      const { name, line } = at.node;
      if (steps > 100) throw new Asn1SyntaxError(line, `${name} is defined through itself`);
      at = this.#find(at.module, name, line, ({ values }) => values);
    }
    return at.node;
  }

  /** The values that constraints leave, as the smallest range around them; undefined for no bound. */
  range(module: Asn1Module, unions: readonly UnionNode[] | undefined): Range {
    let [min, max]: (bigint | undefined)[] = [];
    for (const union of unions ?? []) {
      const ranges = union.map((range) => this.#bounds(module, range));
      const low = ranges.map((range) => range.min).reduce(lower);
      const high = ranges.map((range) => range.max).reduce(higher);
      // No bound of its own leaves that of the type which is constrained further (X.680 51.4).
      if (min === undefined || (low !== undefined && low > min)) min = low;
      if (max === undefined || (high !== undefined && high < max)) max = high;
    }
    return { min, max };
  }

  #bounds(module: Asn1Module, { from, to, isAbove, isBelow }: RangeNode): Range {
    const [low, high] = [this.number(module, from), this.number(module, to)];
    return {
      min: low === undefined || isAbove !== true ? low : low + 1n,
      max: high === undefined || isBelow !== true ? high : high - 1n,
    };
  }

  /** The characters that all of FROM allow. */
  alphabet(module: Asn1Module, unions: readonly UnionNode[]): string {
    const sets = unions.map((union) => union.flatMap((range) => this.#characters(module, range)));
    const [first = [], ...others] = sets.map((characters) => new Set(characters));
    const common = [...first].filter((character) => others.every((set) => set.has(character)));
    if (common.length === 0) throw new RangeError('FROM has no characters');
    return common.join('');
  }

  #characters(module: Asn1Module, { from, to, isAbove, isBelow }: RangeNode): string[] {
    const text = (value: ValueNode): string => {
      const found = this.value(module, value);
      if (found.kind === 'text') return found.value;
      throw new RangeError('expected characters');
    };
    if (from === to) return Array.from(this.#counted(text(from), text(from).length));
    const first = codeOf(text(from)) + Number(isAbove);
    const count = codeOf(text(to)) - first + Number(!isBelow);
    if (!(count > 0)) throw new RangeError('FROM has a range without characters');
    return Array.from({ length: this.#counted(count, count) }, (_, i) =>
      String.fromCodePoint(first + i),
    );
  }

  /** Returns `value`, unless a few words of the module have asked for too many characters. */
  #counted<T>(value: T, characters: number): T {
    this.#characterCount += characters;
    if (this.#characterCount <= MAX_CHARACTERS) return value;
    throw new RangeError(`all FROM together have more than ${MAX_CHARACTERS} characters`);
  }

  /**
   * Follows references to the type that they end at. Constraints on the way hold all at once; the names in them stand for
   * what they are where they are written.
   */
  dereference(module: Asn1Module, type: TypeNode): Dereferenced {
    let at: Found<TypeNode> = { module, node: type };
    let constraint = this.#resolved(module, type.constraint);
    let { tag } = type;
    const seen = new Set<TypeNode>();
    while (at.node.kind === 'reference') {
      if (seen.has(at.node)) throw new Asn1SyntaxError(at.node.line, `${at.node.name} is itself`);
      if (seen.size === MAX_REFERENCES) {
        const reason = `defined through more than ${MAX_REFERENCES} others`;
        throw new Asn1SyntaxError(type.line, reason);
      }
      seen.add(at.node);
      at = this.type(at.module, at.node.name, at.node.line);
      constraint = both(this.#resolved(at.module, at.node.constraint), constraint);
      tag ??= at.node.tag;
    }
    return { module: at.module, type: at.node, constraint, tag };
  }

  /** A constraint with values in place of their names. */
  #resolved(module: Asn1Module, { real, ...lists }: ConstraintNode): ConstraintNode {
    const range = (node: RangeNode): RangeNode => {
      const from = this.value(module, node.from);
      return { ...node, from, to: node.to === node.from ? from : this.value(module, node.to) };
    };
    const resolved = Object.entries(lists).map(([kind, unions]: [string, readonly UnionNode[]]) => [
      kind,
      unions.map((union) => union.map(range)),
    ]);
    return {
      ...(Object.fromEntries(resolved) as ConstraintNode),
      ...(real !== undefined && {
        real: Object.fromEntries(Object.entries(real).map(([name, node]) => [name, range(node)])),
      }),
    };
  }

  #find<T>(
    module: Asn1Module,
    name: string,
    line: number,
    names: (module: Asn1Module) => ReadonlyMap<string, T>,
  ): Found<T> {
    const own = names(module).get(name);
    if (own !== undefined) return { module, node: own };
    const source = module.imports.get(name);
    if (source === undefined) {
      throw new Asn1SyntaxError(line, `${name} is neither defined in ${module.name} nor imported`);
    }
    const from = this.modules.get(source);
    const imported = from && names(from).get(name);
    if (from !== undefined && imported !== undefined) return { module: from, node: imported };
    const problem = from === undefined ? 'is not there' : 'does not define it';
    throw new Asn1SyntaxError(line, `${name} is imported from ${source}, which ${problem}`);
  }
}

/** The code point that ends a range of characters; NaN for no character. */
function codeOf(text: string): number {
  return text.codePointAt(0) ?? NaN;
}

function lower(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || b === undefined ? undefined : b < a ? b : a;
}

function higher(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || b === undefined ? undefined : b > a ? b : a;
}

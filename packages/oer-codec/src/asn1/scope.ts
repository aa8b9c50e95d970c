import type {
  Asn1Module,
  ClassNode,
  ConstraintNode,
  ObjectSetNode,
  RangeNode,
  TagNode,
  TypeNode,
  ValueNode,
} from './model.js';
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

/** All modules, and what the names in each of them stand for. */
export class Scope {
  readonly modules: ReadonlyMap<string, Asn1Module>;

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

  /** The values that constraints leave, as the smallest range around them. */
  range(
    module: Asn1Module,
    ranges: readonly RangeNode[] | undefined,
  ): { readonly min: bigint | undefined; readonly max: bigint | undefined } {
    if (ranges === undefined) return { min: undefined, max: undefined };
    const lows = ranges.map(({ from }) => this.number(module, from));
    const highs = ranges.map(({ to }) => this.number(module, to));
    return {
      min: lows.reduce((a, b) => (a === undefined || b === undefined ? undefined : b < a ? b : a)),
      max: highs.reduce((a, b) => (a === undefined || b === undefined ? undefined : b > a ? b : a)),
    };
  }

  /** The characters that FROM allows. */
  alphabet(module: Asn1Module, ranges: readonly RangeNode[]): string {
    const text = (value: ValueNode): string => {
      const found = this.value(module, value);
      if (found.kind === 'text') return found.value;
      throw new RangeError('expected characters');
    };
    const characters = ranges.flatMap(({ from, to }) => {
      if (from === to) return Array.from(text(from));
      const first = text(from).charCodeAt(0);
      const count = text(to).charCodeAt(0) - first + 1;
      if (!(count > 0)) throw new RangeError('FROM has a range without characters');
      return Array.from({ length: count }, (_, i) => String.fromCharCode(first + i));
    });
    return characters.join('');
  }

  /** Follows references to the type that they end at; constraints on the way add up. */
  dereference(module: Asn1Module, type: TypeNode): Dereferenced {
    let at: Found<TypeNode> = { module, node: type };
    let { constraint, tag } = type;
    const seen = new Set<TypeNode>();
    while (at.node.kind === 'reference') {
      if (seen.has(at.node)) throw new Asn1SyntaxError(at.node.line, `${at.node.name} is itself`);
      seen.add(at.node);
      at = this.type(at.module, at.node.name, at.node.line);
      constraint = { ...at.node.constraint, ...constraint };
      tag ??= at.node.tag;
    }
    return { module: at.module, type: at.node, constraint, tag };
  }

  #find<T>(
    module: Asn1Module,
    name: string,
    line: number,
    names: (module: Asn1Module) => ReadonlyMap<string, T>,
  ): Found<T> {
    const own = names(module).get(name);
    if (own !== undefined) return { module, node: own };
    const from = this.modules.get(module.imports.get(name) ?? '');
    const imported = from && names(from).get(name);
    if (from === undefined || imported === undefined) {
      throw new Asn1SyntaxError(line, `${name} is neither defined in ${module.name} nor imported`);
    }
    return { module: from, node: imported };
  }
}

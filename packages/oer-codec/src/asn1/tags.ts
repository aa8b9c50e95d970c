import type { Asn1Module, BuiltinName, ComponentNode, TagNode, TypeNode } from './model.js';
import type { Scope } from './scope.js';
import { Asn1SyntaxError } from './tokens.js';

/** The tags of the universal class (X.680 8.4). */
const UNIVERSAL: Readonly<Record<BuiltinName, number>> = {
  BOOLEAN: 1,
  INTEGER: 2,
  'BIT STRING': 3,
  'OCTET STRING': 4,
  NULL: 5,
  'OBJECT IDENTIFIER': 6,
  REAL: 9,
  UTF8String: 12,
  'RELATIVE-OID': 13,
  NumericString: 18,
  PrintableString: 19,
  IA5String: 22,
  UTCTime: 23,
  GeneralizedTime: 24,
  VisibleString: 26,
  UniversalString: 28,
  BMPString: 30,
};
const ENUMERATED = 10;
const SEQUENCE = 16;
const SET = 17;

/** From the lowest to the highest (X.680 8.6). */
const CLASSES: readonly TagNode['class'][] = ['universal', 'application', 'context', 'private'];

/** Whether components get their tags by their place: so the module says, and none has a tag of its own (X.680 25.3). */
export function hasAutomaticTags(
  module: Asn1Module,
  components: readonly ComponentNode[],
): boolean {
  return module.automaticTags && components.every(({ type }) => type.tag === undefined);
}

/** The outermost tag of a type that does not get one by its place. */
export function tagOf(scope: Scope, module: Asn1Module, type: TypeNode): TagNode {
  const end = scope.dereference(module, type);
  if (end.tag !== undefined) return end.tag;
  switch (end.type.kind) {
    case 'builtin':
      return universal(UNIVERSAL[end.type.name]);
    case 'enumerated':
      return universal(ENUMERATED);
    case 'list':
      return universal(end.type.of === 'SET' ? SET : SEQUENCE);
    case 'structure':
      if (end.type.of !== 'CHOICE') return universal(end.type.of === 'SET' ? SET : SEQUENCE);
      break;
    default:
      break;
  }
  throw new Asn1SyntaxError(type.line, 'a CHOICE or open type needs a tag here');
}

function universal(number: number): TagNode {
  return { class: 'universal', number };
}

/** Components in the order of their tags, which differ (X.680 27.3), as a SET has them (X.696 18). */
export function inOrderOfTags(
  scope: Scope,
  module: Asn1Module,
  components: readonly ComponentNode[],
): readonly ComponentNode[] {
  if (hasAutomaticTags(module, components)) return components;
  const keyed = components.map((component) => ({
    component,
    tag: tagOf(scope, module, component.type),
  }));
  keyed.sort(
    (a, b) =>
      CLASSES.indexOf(a.tag.class) - CLASSES.indexOf(b.tag.class) || a.tag.number - b.tag.number,
  );
  const same = keyed.find(({ tag }, i) => {
    const before = keyed[i - 1]?.tag;
    return before?.number === tag.number && before.class === tag.class;
  });
  if (same !== undefined) {
    throw new Asn1SyntaxError(same.component.line, 'two components of a SET have one tag');
  }
  return keyed.map(({ component }) => component);
}

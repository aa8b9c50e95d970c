/**
 * Finds the mutants of a source file, and rewrites it so that each can be switched on while it runs: `a < b` becomes
 * `(__mutants.is(7) ? a <= b : __mutants.is(8) ? a >= b : a < b)`.
 */
import ts from 'typescript';

/** One change of one place that some test has to notice. */
export interface Mutant {
  /** Counted over all files of a package. */
  readonly id: number;
  readonly file: string;
  readonly line: number;
  /** The line it is on, without the spaces around it. */
  readonly code: string;
  readonly from: string;
  readonly to: string;
}

/** A file with all its mutants built in. */
export interface Mutated {
  readonly code: string;
  readonly mutants: readonly Mutant[];
}

/** What is asked instead of what: the boundary moved, and the answer turned round. */
const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
};

/** @param firstId the id of the first mutant of this file. */
export function mutate(file: string, text: string, firstId: number): Mutated {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const mutants: Mutant[] = [];
  const lines = text.split('\n');

  const register = (node: ts.Node, from: string, to: string): number => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    const id = firstId + mutants.length;
    mutants.push({ id, file, line: line + 1, code: (lines[line] ?? '').trim(), from, to });
    return id;
  };
  const choice = (variants: readonly (readonly [number, string])[], original: string): string =>
    `(${variants.map(([id, code]) => `__mutants.is(${id}) ? ${code} : `).join('')}${original})`;
  const choose = (node: ts.Node, from: string, original: string, variants: [string, string][]) =>
    choice(
      variants.map(([to, code]) => [register(node, from, to), code] as const),
      original,
    );

  // A constant that the file has for itself is changed where it is used: its declaration runs once, when the file is loaded.
  const constants = new Map<string, readonly (readonly [number, string])[]>();
  for (const [name, literal] of ownConstants(source)) {
    const from = literal.getText();
    constants.set(
      name,
      neighbours(literal).map(([to, code]) => [register(literal, from, to), code] as const),
    );
  }

  /** The text of a node, with mutants in the nodes within it. */
  const render = (node: ts.Node): string => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return node.getText();
    if (ts.isIdentifier(node)) {
      const variants = isUse(node) ? constants.get(node.text) : undefined;
      return variants === undefined ? node.getText() : choice(variants, node.text);
    }
    if (isOwnConstant(node)) return node.getText();
    if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) {
      if (isName(node)) return node.getText();
      return choose(node, node.getText(), node.getText(), neighbours(node));
    }
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText();
      const others = COMPARISONS[operator];
      if (others !== undefined) {
        const [left, right] = [render(node.left), render(node.right)];
        const variants = others.map((to): [string, string] => [to, `${left} ${to} ${right}`]);
        return choose(node, operator, `${left} ${operator} ${right}`, variants);
      }
    }
    const body = ts.isIterationStatement(node, false) ? node.statement : undefined;
    return renderChildren(node, (child) =>
      child === body ? `{ __mutants.tick(); ${render(child)} }` : render(child),
    );
  };

  const renderChildren = (node: ts.Node, each: (child: ts.Node) => string): string => {
    let result = '';
    let at = node.getStart();
    ts.forEachChild(node, (child) => {
      if (child.getStart() < at) return; // The type of a parameter property and the like stand twice.
      result += text.slice(at, child.getStart()) + each(child);
      at = child.end;
    });
    return result + text.slice(at, node.end);
  };

  const code = source.statements.map((statement) => render(statement) + resetOf(statement));
  return { code: code.join('\n'), mutants };
}

/** Whether a declaration is of a number that a file has for itself, and no other imports. */
function isOwnConstant(node: ts.Node): node is ts.VariableDeclaration & {
  readonly name: ts.Identifier;
  readonly initializer: ts.NumericLiteral | ts.BigIntLiteral;
} {
  if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name)) return false;
  const { initializer } = node;
  if (initializer === undefined) return false;
  if (!ts.isNumericLiteral(initializer) && !ts.isBigIntLiteral(initializer)) return false;
  const statement = node.parent.parent;
  return (
    (node.parent.flags & ts.NodeFlags.Const) !== 0 &&
    ts.isVariableStatement(statement) &&
    ts.isSourceFile(statement.parent) &&
    statement.modifiers === undefined
  );
}

/** Those of a file by name. */
function ownConstants(source: ts.SourceFile): [string, ts.NumericLiteral | ts.BigIntLiteral][] {
  return source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .filter(isOwnConstant)
    .map(({ name, initializer }) => [name.text, initializer]);
}

/** Whether an identifier stands for a value, and is neither declared nor the name of a property. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent))
    return parent.initializer === node;
  return ts.isExpression(parent) || ts.isStatement(parent) || ts.isTemplateSpan(parent);
}

/** Whether a literal is the name of a property. */
function isName(node: ts.Node): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** The integers beside a literal; below zero nothing is tried. */
function neighbours(node: ts.NumericLiteral | ts.BigIntLiteral): [string, string][] {
  const text = node.getText().replaceAll('_', '');
  if (ts.isBigIntLiteral(node)) {
    const value = BigInt(text.slice(0, -1));
    return [value + 1n, ...(value > 0n ? [value - 1n] : [])].map((to) => [`${to}n`, `${to}n`]);
  }
  const value = Number(text);
  return [value + 1, ...(value > 0 ? [value - 1] : [])].map((to) => [String(to), String(to)]);
}

/** What undoes whatever a mutant left in a variable of the module: bytes that are kept, caches, counters. */
function resetOf(statement: ts.Statement): string {
  if (!ts.isVariableStatement(statement)) return '';
  if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) return '';
  const isConst = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
  return statement.declarationList.declarations
    .map(({ name }) => {
      const variable = name.getText();
      return isConst
        ? `; __mutants.keepContents(${variable});`
        : `; __mutants.keepValue(() => ${variable}, (value) => { ${variable} = value; });`;
    })
    .join('');
}

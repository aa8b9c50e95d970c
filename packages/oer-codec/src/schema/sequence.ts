import type { AnySchema, Infer, Schema } from './schema.js';
import { Layout, schemaOf } from './sequence-layout.js';

/** A component that may be missing: OPTIONAL. */
export interface OptionalComponent<T> {
  readonly kind: 'optional';
  readonly schema: Schema<T>;
}

/** A component that is not sent where it has its usual value: DEFAULT. */
export interface DefaultComponent<T> {
  readonly kind: 'default';
  readonly schema: Schema<T>;
  readonly value: T;
}

/** Components that were added together, behind an extension marker: `[[ ... ]]`. */
export interface AdditionGroup<G> {
  readonly kind: 'group';
  readonly components: G;
}

/** OPTIONAL: the key may be missing from the value. */
export function optional<T>(schema: Schema<T>): OptionalComponent<T> {
  return { kind: 'optional', schema };
}

/**
 * DEFAULT: a value equal to the default takes no bytes; reading puts the default in its place. Lists are equal whose
 * elements are, in the same order.
 */
export function withDefault<T>(schema: Schema<T>, value: T): DefaultComponent<T> {
  return { kind: 'default', schema, value };
}

/**
 * An extension addition group, among the additions of a SEQUENCE: its components are all there or, but for OPTIONAL and
 * DEFAULT ones, none of them. In the value they stand beside all others; the key of the group itself is of no account.
 */
export function additionGroup<const G extends Components>(components: G): AdditionGroup<G> {
  return { kind: 'group', components };
}

/** What a SEQUENCE is made of. */
export type Component =
  | AnySchema
  | { readonly kind: 'optional'; readonly schema: AnySchema }
  | { readonly kind: 'default'; readonly schema: AnySchema; readonly value: unknown };
/** The components of a SEQUENCE by name, in their order. */
export type Components = Readonly<Record<string, Component>>;
/** What stands behind an extension marker, in its order. */
export type Additions = Readonly<Record<string, Component | AdditionGroup<Components>>>;

type ComponentValue<C> = Infer<C extends { readonly schema: infer S } ? S : C>;
type OptionalKey<F> = {
  [K in keyof F]: F[K] extends { readonly kind: 'optional' } ? K : never;
}[keyof F];

/** The value of a SEQUENCE: an object with a key for each component. */
export type SequenceValue<F> = {
  readonly [K in Exclude<keyof F, OptionalKey<F>>]: ComponentValue<F[K]>;
} & { readonly [K in OptionalKey<F>]?: ComponentValue<F[K]> };

type GroupKey<X> = {
  [K in keyof X]: X[K] extends { readonly kind: 'group' } ? K : never;
}[keyof X];
type GroupValues<X> = {
  [K in GroupKey<X>]: (
    value: X[K] extends AdditionGroup<infer G> ? Partial<SequenceValue<G>> : never,
  ) => void;
}[GroupKey<X>];
/** The values of all groups at once. */
type AllGroups<X> = [GroupKey<X>] extends [never]
  ? unknown
  : GroupValues<X> extends (value: infer V) => void
    ? V
    : never;

/** Additions behind an extension marker: each may be missing. */
export type AdditionValue<X> = {
  readonly [K in Exclude<keyof X, GroupKey<X>>]?: ComponentValue<X[K]>;
} & AllGroups<X>;

/**
 * SEQUENCE (X.696 16): the components in their order. Where some may be missing, a preamble of bits tells which are
 * there. `sequence({ id: integer(0, 255), note: optional(utf8String()) })` is a schema of
 * `{ id: number, note?: string }`.
 */
export function sequence<const F extends Components>(components: F): Schema<SequenceValue<F>>;
/**
 * SEQUENCE with an extension marker: `additions` are those that this version knows, behind the marker; an addition that
 * a later version knows is skipped.
 */
export function sequence<const F extends Components, const X extends Additions>(
  components: F,
  extension: { readonly additions: X },
): Schema<SequenceValue<F> & AdditionValue<X>>;
export function sequence(
  components: Components,
  extension?: { readonly additions: Additions },
): AnySchema {
  return schemaOf(new Layout(components, extension?.additions));
}

/** The components in front of one named `later`, for which the values that are read have room. */
export function sequenceBefore(later: string, components: Components): AnySchema {
  return schemaOf(new Layout(components, undefined, later));
}

/**
 * SET (X.696 18): as SEQUENCE, with the components in the order of their tags. Under AUTOMATIC TAGS, as all of
 * Interledger's modules have them, that is the order in which they are written down.
 */
export const set: typeof sequence = sequence;

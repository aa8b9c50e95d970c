/**
 * ASN.1 modules at run time: the part of the notation that Interledger's modules use, as schemas
 * ({@link compileAsn1}) or as TypeScript that makes them ({@link printTypeScript}).
 *
 * Supported: AUTOMATIC TAGS and tags that are written out; IMPORTS; BOOLEAN, NULL, INTEGER, ENUMERATED, REAL (binary32,
 * binary64), the string types, OBJECT IDENTIFIER, RELATIVE-OID, GeneralizedTime, UTCTime, SEQUENCE, SET, CHOICE with
 * extension additions and groups of them, SEQUENCE OF, SET OF; value, SIZE and FROM constraints; classes of an id and a
 * type, object sets, and types chosen by an id. Anything else is an {@link Asn1SyntaxError} with its line, and so is
 * whatever is nested more than 64 deep.
 *
 * @packageDocumentation
 */
export { compileAsn1 } from './compile.js';
export { printTypeScript } from './print.js';
export { parseAsn1 } from './parse.js';
export { Asn1SyntaxError } from './tokens.js';
export type * from './model.js';

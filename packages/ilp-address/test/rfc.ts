/** The regular expression of RFC 0015 "Address Requirements". */
export const RFC_ADDRESS: RegExp =
  /(?=^.{1,1023}$)^(g|private|example|peer|self|test[1-3]?|local)([.][a-zA-Z0-9_~-]+)+$/;

/** The same for prefixes: the scheme alone and the empty one are allowed too. */
export const RFC_PREFIX: RegExp =
  /^$|(?=^.{1,1023}$)^(g|private|example|peer|self|test[1-3]?|local)([.][a-zA-Z0-9_~-]+)*$/;

const LETTERS = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Base64 with padding, as RFC 0009 recommends for shared secrets. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  // Each byte is a character of its own for btoa.
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The bytes of a text in base64 or base64url, with or without padding; undefined for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!LETTERS.test(text)) return undefined;
  try {
    const standard = text.replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
    return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // A number of letters that no whole bytes have.
  }
}

const LETTERS = /^[A-Za-z0-9+/_-]*={0,2}$/;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 with padding, as RFC 0009 recommends for shared secrets. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += letter(bits >> 18) + letter(bits >> 12);
    text += i + 1 < bytes.length ? letter(bits >> 6) : '=';
    text += i + 2 < bytes.length ? letter(bits) : '=';
  }
  return text;
}

function letter(bits: number): string {
  return ALPHABET.charAt(bits & 0x3f);
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

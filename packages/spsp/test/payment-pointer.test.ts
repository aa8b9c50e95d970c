import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isPaymentPointer,
  parsePaymentPointer,
  PaymentPointerError,
  paymentPointerOf,
} from '../src/index.js';

describe('payment pointers (RFC 0026 "Resolution")', () => {
  it.each([
    ['$example.com', 'https://example.com/.well-known/pay'],
    ['$example.com/invoices/12345', 'https://example.com/invoices/12345'],
    ['$bob.example.com', 'https://bob.example.com/.well-known/pay'],
    ['$example.com/bob', 'https://example.com/bob'],
    ['$example.com/', 'https://example.com/.well-known/pay'],
    ['$EXAMPLE.com/Bob', 'https://example.com/Bob'],
    ['$example.com/a%20b', 'https://example.com/a%20b'],
    ['$example.com/~bob/@home:1', 'https://example.com/~bob/@home:1'],
    ['$192.0.2.1/bob', 'https://192.0.2.1/bob'],
    ['$[2001:db8::1]/bob', 'https://[2001:db8::1]/bob'],
    ['$example.com/.well-known/pay', 'https://example.com/.well-known/pay'],
    ['$example.com/.well-known/pay/', 'https://example.com/.well-known/pay/'],
    ['$example.com/bob/', 'https://example.com/bob/'],
    ['$example.com//', 'https://example.com//'],
    ['$example.com//bob', 'https://example.com//bob'],
    ['$example.com/%7Ebob', 'https://example.com/%7Ebob'],
    ['$example.com/%E2%82%AC', 'https://example.com/%E2%82%AC'],
    ['$example.com/%3Fx=1%23y', 'https://example.com/%3Fx=1%23y'],
    ["$example.com/a;b=1,2!$&'()*+", "https://example.com/a;b=1,2!$&'()*+"],
    ['$example.com/$bob', 'https://example.com/$bob'],
    ['$example.com/alice@other.example', 'https://example.com/alice@other.example'],
    ['$xn--bcher-kva.example/x', 'https://xn--bcher-kva.example/x'],
    ['$localhost/bob', 'https://localhost/bob'],
    ['$my_host.example-1.com', 'https://my_host.example-1.com/.well-known/pay'],
    ['$example.com./bob', 'https://example.com./bob'],
  ])('%s stands for %s', (text, url) => {
    expect(parsePaymentPointer(text).url).toBe(url);
    expect(isPaymentPointer(text)).toBe(true);
  });

  it.each([
    ['example.com/bob', 'NO_DOLLAR'],
    ['', 'NO_DOLLAR'],
    [' $example.com', 'NO_DOLLAR'],
    ['$', 'BAD_HOST'],
    ['$/bob', 'BAD_HOST'],
    ['$exa mple.com', 'BAD_HOST'],
    ['$https://example.com', 'HAS_PORT'],
    ['$exam\\ple.com', 'BAD_HOST'],
    ['$[::1z]', 'BAD_HOST'],
    ['$[::1]x', 'BAD_HOST'],
    ['$::1', 'HAS_PORT'],
    ['$xn--a.example', 'BAD_HOST'],
    ['$[fe80::1%25eth0]/bob', 'BAD_HOST'],
    ['$[v1.fe80]/bob', 'BAD_HOST'],
    ['$example.com\u0000', 'BAD_HOST'],
    ['$example.com/\u0000', 'BAD_PATH'],
    ['$ex\tample.com', 'BAD_HOST'],
    ['\ufeff$example.com', 'NO_DOLLAR'],
    ['$example.com\uff0fbob', 'NOT_ASCII'],
    ['$%', 'BAD_HOST'],
    ['$example.com\\@other.example', 'HAS_USERINFO'],
    ['$example.com&other.example', 'BAD_HOST'],
    ['$.', 'BAD_HOST'],
    ['$.example.com', 'BAD_HOST'],
    ['$example..com', 'BAD_HOST'],
    ['$256.1.1.1', 'BAD_HOST'],
    ['$ex%61mple.com', 'BAD_HOST'],
    ['$%C3%BCber.example', 'BAD_HOST'],
    ['$example.com ', 'BAD_HOST'],
    ['$example.com\n', 'BAD_HOST'],
    ['$example.com\t/bob', 'BAD_HOST'],
    ['$$example.com', 'BAD_HOST'],
    ['\uff04example.com', 'NO_DOLLAR'],
    ['https://example.com', 'NO_DOLLAR'],
    ['$example\u3002com', 'NOT_ASCII'],
    ['$\u0430pple.example', 'NOT_ASCII'],
    ['$example.com/\u200bbob', 'NOT_ASCII'],
    ['$@example.com', 'HAS_USERINFO'],
    ['$example.com:443', 'HAS_PORT'],
    ['$example.com#', 'HAS_FRAGMENT'],
    ['$example.com/%zz', 'BAD_PATH'],
    ['$example.com/bob\n', 'BAD_PATH'],
    ['$example.com/[bob]', 'BAD_PATH'],
    ['$example.com/<bob>', 'BAD_PATH'],
    ['$example.com/bob"', 'BAD_PATH'],
    ['$example.com/a|b^c`d{e}', 'BAD_PATH'],
    ['$user@example.com', 'HAS_USERINFO'],
    ['$user:pass@example.com/bob', 'HAS_USERINFO'],
    ['$example.com:8080/bob', 'HAS_PORT'],
    ['$example.com:/bob', 'HAS_PORT'],
    ['$[::1]:443', 'HAS_PORT'],
    ['$example.com/bob?x=1', 'HAS_QUERY'],
    ['$example.com?', 'HAS_QUERY'],
    ['$example.com/bob#x', 'HAS_FRAGMENT'],
    ['$exämple.com', 'NOT_ASCII'],
    ['$example.com/böb', 'NOT_ASCII'],
    ['$example.com/b b', 'BAD_PATH'],
    ['$example.com/b%2', 'BAD_PATH'],
    ['$example.com/b\\b', 'BAD_PATH'],
  ])('%j is refused with %s', (text, code) => {
    expect(isPaymentPointer(text)).toBe(false);
    try {
      parsePaymentPointer(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PaymentPointerError);
      expect(error).toMatchObject({ code, value: text });
    }
  });

  it('have one text for one endpoint', () => {
    expect(parsePaymentPointer('$EXAMPLE.com/').text).toBe('$example.com');
    expect(parsePaymentPointer('$example.com/.well-known/pay').text).toBe('$example.com');
    expect(parsePaymentPointer('$example.com/bob/').text).toBe('$example.com/bob/');
    expect(parsePaymentPointer('$example.com/%7ebob').text).toBe('$example.com/~bob');
    expect(parsePaymentPointer('$example.com/a%2fb').text).toBe('$example.com/a%2Fb');
    expect(parsePaymentPointer('$example.com/%2ewell-known/p%61y').text).toBe('$example.com');
    expect(parsePaymentPointer('$example.com/a/../%2E%2e/b/./c').text).toBe('$example.com/b/c');
    expect(parsePaymentPointer('$example.com/a/..').text).toBe('$example.com');
    expect(parsePaymentPointer('$0x7f.1/bob').text).toBe('$127.0.0.1/bob');
    expect(parsePaymentPointer('$[2001:DB8:0:0::1]/bob').text).toBe('$[2001:db8::1]/bob');
    expect(parsePaymentPointer('$example.com/Bob').text).not.toBe('$example.com/bob');
  });

  it('are made from URLs, and only from those that they can stand for', () => {
    expect(paymentPointerOf('https://example.com/.well-known/pay').text).toBe('$example.com');
    expect(paymentPointerOf('https://example.com/bob').text).toBe('$example.com/bob');
    expect(() => paymentPointerOf('https://example.com:1/bob')).toThrow('port');
    expect(() => paymentPointerOf('http://example.com/bob')).toThrow('https');
  });

  it('come back from their URL', () => {
    const segment = fc.stringMatching(/^[a-zA-Z0-9_~-]{1,8}$/);
    fc.assert(
      fc.property(fc.domain(), fc.array(segment, { maxLength: 3 }), (host, segments) => {
        const pointer = parsePaymentPointer(`$${[host, ...segments].join('/')}`);
        expect(paymentPointerOf(pointer.url)).toEqual(pointer);
        expect(parsePaymentPointer(pointer.text)).toEqual(pointer);
      }),
    );
  });

  it('have a normal form that is its own, whatever their path', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '.',
        '..',
        '/',
        '%2e',
        '%2E',
        '%2f',
        '%5c',
        '%7E',
        '%41',
        '%00',
        '%C3%A9',
        '',
      ),
      fc.stringMatching(/^[A-Za-z0-9\-._~!$&'()*+,;=:@]{0,4}$/),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const pointer = parsePaymentPointer(`$example.com/${pieces.join('')}`);
        const normal = parsePaymentPointer(pointer.text);
        expect(normal.text).toBe(pointer.text);
        expect(new URL(pointer.url).href).toBe(pointer.url);
        expect(parsePaymentPointer(paymentPointerOf(pointer.url).text).text).toBe(pointer.text);
      }),
    );
  });

  it('may be long', () => {
    for (const path of [`/${'a'.repeat(1_000_000)}`, '/a'.repeat(500_000)]) {
      expect(parsePaymentPointer(`$example.com${path}`).path).toBe(path);
      expect(isPaymentPointer(`$example.com${path} `)).toBe(false);
    }
  });

  it('never let another error out than their own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parsePaymentPointer(`$${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(PaymentPointerError);
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBtpUrl } from '../src/index.js';

describe('a BTP URL', () => {
  test.each([
    ['btp+ws://user:token@host:7768/path', 'ws://host:7768/path', 'user', 'token'],
    ['btp+wss://:token@host', 'wss://host/', '', 'token'],
    ['btp+ws://host', 'ws://host/', '', ''],
    ['btp+ws://user@host/a/b?c=d&e', 'ws://host/a/b?c=d&e', 'user', ''],
    ['BTP+WSS://u:t@Host:443/', 'wss://host/', 'u', 't'],
    ['ws://u:t@host/', 'ws://host/', 'u', 't'],
    ['btp+ws://u%40x:t%2F%3A%C3%A9@[::1]:1/', 'ws://[::1]:1/', 'u@x', 't/:é'],
    ['btp+wss://n.example/accounts/bob/ilp/btp', 'wss://n.example/accounts/bob/ilp/btp', '', ''],
  ])('%s', (url, webSocketUrl, username, token) => {
    expect(parseBtpUrl(url)).toEqual({ webSocketUrl, username, token });
    expect(parseBtpUrl(new URL(url))).toEqual({ webSocketUrl, username, token });
  });

  test.each([
    'http://host/',
    'btp+http://host/',
    'btp+ws:host',
    'btp+ws://',
    'btp+ws://host:99999/',
    'btp+ws://u:s3cret%FF@host/',
    'btp+ws://u:s3cret@host/#fragment',
    'btp+ws://u:s3cret@ho st/',
    '',
  ])('%j is refused without giving away what is in it', (url) => {
    expect(() => parseBtpUrl(url)).toThrow(
      expect.objectContaining({
        name: 'BtpUrlError',
        message: expect.not.stringContaining('s3cret'),
      }),
    );
  });

  test('any user name and token come through percent-encoding', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (username, token) => {
        const url = `btp+ws://${encodeURIComponent(username)}:${encodeURIComponent(token)}@host/p`;
        expect(parseBtpUrl(url)).toEqual({ webSocketUrl: 'ws://host/p', username, token });
      }),
    );
  });
});

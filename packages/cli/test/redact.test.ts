import { describe, expect, it } from 'vitest';
import { createLogger } from '../src/node/logger.js';

/** What one call writes. */
function logged(message: string, fields: object): Record<string, unknown> {
  const lines: string[] = [];
  createLogger('info', { write: (line) => void lines.push(line) }).info(message, fields);
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

describe('a line of the log', () => {
  it.each([
    'token',
    'engineToken',
    'shared_secret',
    'sharedSecret',
    'Authorization',
    'set-cookie',
    'password',
    'privateKey',
    'private_key',
  ])('does not have what is called %s, however deep', (name) => {
    const line = JSON.stringify(
      logged('x', { [name]: 'hunter2', list: [{ deep: { [name]: 'hunter2' } }] }),
    );
    expect(line).not.toContain('hunter2');
    expect(line.match(/\[hidden\]/g)).toHaveLength(2);
  });

  it('does not have the credentials of a URL, in the message or in a field', () => {
    const url = 'btp+wss://alice:hunter2@peer.example/btp';
    const line = JSON.stringify(
      logged(`connecting to ${url}`, {
        url,
        parsed: new URL('https://:hunter2@x.example'),
        error: new Error(`cannot reach ${url}`),
        header: 'sent Bearer hunter2hunter2',
      }),
    );
    expect(line).not.toContain('hunter2');
    expect(line).toContain('btp+wss://[hidden]@peer.example/btp');
  });

  it('has everything else: amounts as text, errors with their code, bytes by their number', () => {
    const error = Object.assign(new Error('no'), { code: 'E_NO' });
    expect(
      logged('packets', { amount: 2n ** 64n, error, data: new Uint8Array(3), nothing: undefined }),
    ).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      msg: 'packets',
      amount: '18446744073709551616',
      error: { name: 'Error', code: 'E_NO', message: 'no' },
      data: '3 bytes',
    });
  });

  it('is not written below the level, which can change', () => {
    const lines: string[] = [];
    const log = createLogger('warn', { write: (line) => void lines.push(line) });
    log.info('quiet');
    log.level = 'debug';
    log.debug('loud');
    expect(lines).toHaveLength(1);
  });
});

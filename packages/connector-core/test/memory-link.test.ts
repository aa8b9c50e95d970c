import { describe, expect, it } from 'vitest';
import { MemoryLink } from '../src/index.js';

const bytes = Uint8Array.of(1, 2, 3);

describe('a memory link', () => {
  it('carries bytes there and back, as copies', async () => {
    const [a, b] = MemoryLink.pair();
    const reply = Uint8Array.of(4);
    b.setHandler((received) => {
      received[0] = 9;
      return Promise.resolve(reply);
    });
    const answer = await a.send(bytes);
    expect(bytes[0]).toBe(1);
    expect(answer).toEqual(reply);
    expect(answer).not.toBe(reply);
  });

  it('says that nothing was sent while it is cut, or nobody listens', async () => {
    const [a, b] = MemoryLink.pair();
    await expect(a.send(bytes)).rejects.toMatchObject({ code: 'NOT_CONNECTED', sent: 'no' });
    b.setHandler(() => Promise.resolve(bytes));
    a.disconnect();
    await expect(a.send(bytes)).rejects.toMatchObject({ sent: 'no' });
    b.connect();
    expect(await a.send(bytes)).toEqual(bytes);
  });

  it('says that the outcome is unknown when it is cut in between', async () => {
    const [a, b] = MemoryLink.pair();
    b.setHandler(() => new Promise(() => undefined));
    const answer = a.send(bytes);
    b.disconnect();
    await expect(answer).rejects.toMatchObject({ code: 'CONNECTION_LOST', sent: 'unknown' });
  });

  it('says that it was sent when the other end fails', async () => {
    const [a, b] = MemoryLink.pair();
    b.setHandler(() => Promise.reject(new Error('a bug')));
    await expect(a.send(bytes)).rejects.toMatchObject({ code: 'REFUSED', sent: 'yes' });
  });

  it('tells both ends when it comes and goes, and stays closed once closed', async () => {
    const [a, b] = MemoryLink.pair();
    const told: [string, boolean][] = [];
    a.onConnectionChange((connected) => told.push(['a', connected]));
    const stop = b.onConnectionChange((connected) => told.push(['b', connected]));
    a.disconnect();
    a.connect();
    stop();
    await a.close();
    a.connect();
    expect(told).toEqual([
      ['a', false],
      ['b', false],
      ['a', true],
      ['b', true],
      ['a', false],
    ]);
    expect(a.isConnected).toBe(false);
  });
});

import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { describe, expect, it } from 'vitest';
import { StreamServerSecrets } from '../src/index.js';
import { ReceiverConnections } from '../src/receiver-connections.js';
import { hex } from './hex.js';

const SECRETS = new StreamServerSecrets(hex('5e'.repeat(32)));
const ADDRESS = parseIlpAddress('test.bob');

function newToken(): string {
  return SECRETS.create(ADDRESS).destination.slice(ADDRESS.length + 1);
}

describe('ReceiverConnections', () => {
  it('keep the keys of no more connections than they were told, however many come', () => {
    const connections = new ReceiverConnections(SECRETS, 10);
    for (let i = 0; i < 1000; i++) {
      const token = newToken();
      connections.keep(token, connections.find(token)!);
      expect(connections.size).toBeLessThanOrEqual(10);
    }
    expect(connections.size).toBeGreaterThanOrEqual(5);
  });

  it('keep those that are in use', () => {
    const connections = new ReceiverConnections(SECRETS, 10);
    const busy = newToken();
    const found = connections.find(busy)!;
    connections.keep(busy, found);
    for (let i = 0; i < 1000; i++) {
      const token = newToken();
      connections.keep(token, connections.find(token)!);
      if (i % 4 === 0) expect(connections.find(busy)).toBe(found);
      expect(connections.size).toBeLessThanOrEqual(10);
    }
  });

  it('keep nothing where nothing is to be kept, and nothing that was only looked for', () => {
    const none = new ReceiverConnections(SECRETS, 0);
    const some = new ReceiverConnections(SECRETS, 10);
    const token = newToken();
    none.keep(token, none.find(token)!);
    some.find(token);
    expect([none.size, some.size]).toEqual([0, 0]);
  });

  it('find the same connection anew: same name, same names of packets', () => {
    const connections = new ReceiverConnections(SECRETS, 0);
    const token = newToken();
    const [a, b] = [connections.find(token)!, connections.find(token)!];
    expect(a).not.toBe(b);
    expect(a.id).toMatch(/^[0-9a-f]{32}$/);
    expect(b.id).toBe(a.id);
    expect(b.packetId(7)).toBe(a.packetId(7));
    expect(b.packetId(7)).not.toBe(a.packetId(8));
  });
});

import { describe, expect, it } from 'vitest';
import { RequestMemory } from '../src/exchange/request-memory.js';

const PACKET = Uint8Array.of(1, 2, 3);

describe('the memory of requests', () => {
  it('knows a request for its time, and not longer', () => {
    const memory = new RequestMemory(1000, 1e6);
    const request = memory.add('a', PACKET, 0);
    request.state = 'delivered';
    expect(memory.find('a', 999)).toBe(request);
    expect(memory.find('a', 1000)).toBeUndefined();
    expect(memory.size).toBe(0);
  });

  it('never forgets one that is being handled or delivered, however full it is', () => {
    const memory = new RequestMemory(1000, 1);
    const running = memory.add('running', PACKET, 0);
    const replied = memory.add('replied', PACKET, 0);
    replied.state = 'replied';
    memory.grow(replied, 10_000, 0);
    memory.add('other', PACKET, 0).state = 'delivered';
    expect(memory.find('running', 5000)).toBe(running);
    expect(memory.find('replied', 5000)).toBe(replied);
    expect(memory.find('other', 5000)).toBeUndefined();
  });

  it('stays within its bytes: the oldest finished ones go first', () => {
    const memory = new RequestMemory(1e9, 100_000);
    for (let i = 0; i < 10_000; i++) {
      const request = memory.add(`id-${i}`, PACKET, i);
      request.state = 'delivered';
      memory.grow(request, 488, i);
    }
    // 1,000 bytes each.
    expect(memory.size).toBe(100);
    expect(memory.find('id-9899', 10_000)).toBeUndefined();
    expect(memory.find('id-9900', 10_000)?.id).toBe('id-9900');
  });

  it('holds many requests whose replies were taken, beside one whose reply was not', () => {
    const memory = new RequestMemory(1e9, 100 * 512 + 30_000);
    for (let i = 0; i < 1000; i++) {
      const request = memory.add(`id-${i}`, PACKET, i);
      memory.grow(request, 30_000, i);
      request.state = 'delivered';
      memory.dropReply(request);
    }
    expect(memory.size).toBe(100);
  });
});

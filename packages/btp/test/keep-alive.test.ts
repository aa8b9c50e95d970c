import { expect, test } from 'vitest';
import { KeepAlive } from '../src/keep-alive.js';

const keepAlive = (): KeepAlive => new KeepAlive({ intervalMs: 100, timeoutMs: 40, now: 0 });

test('asks after a quiet interval and gives up when nothing comes in time', () => {
  const machine = keepAlive();
  expect(machine.deadline()).toBe(100);
  expect(machine.poll(99)).toBeUndefined();
  expect(machine.poll(100)).toBe('probe');
  expect(machine.deadline()).toBe(140);
  expect(machine.poll(139)).toBeUndefined();
  expect(machine.poll(140)).toBe('dead');
});

test('anything heard is a sign of life', () => {
  const machine = keepAlive();
  machine.handleHeard(60);
  expect(machine.deadline()).toBe(160);
  expect(machine.poll(160)).toBe('probe');
  machine.handleHeard(170);
  expect(machine.deadline()).toBe(270);
});

test('tells when the next question is due before the time for the last answer would have been over', () => {
  const machine = new KeepAlive({ intervalMs: 40, timeoutMs: 100, now: 0 });
  expect(machine.handleHeard(0)).toBe(false);
  expect(machine.poll(40)).toBe('probe');
  expect(machine.deadline()).toBe(140);
  expect(machine.handleHeard(41)).toBe(true);
  expect(machine.deadline()).toBe(81);
});

test('a process that slept through the deadline asks once more before it gives up', () => {
  const machine = keepAlive();
  expect(machine.poll(100)).toBe('probe');
  expect(machine.poll(100_000)).toBe('probe');
  expect(machine.poll(100_040)).toBe('dead');
});

test('an interval of Infinity never asks', () => {
  const machine = new KeepAlive({ intervalMs: Infinity, timeoutMs: 40, now: 0 });
  expect(machine.deadline()).toBe(Infinity);
  expect(machine.poll(1e12)).toBeUndefined();
});

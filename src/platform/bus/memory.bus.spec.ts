import { loadConfig } from '../../config/load-config.js';
import { createLogger } from '../log/log.js';
import { MemoryBus } from './memory.bus.js';

let lines: string[];
let bus: MemoryBus;
beforeEach(() => {
  lines = [];
  const config = loadConfig({}, { cwd: __dirname });
  bus = new MemoryBus(createLogger(config, { write: (line) => void lines.push(line) }));
});
const settled = (): Promise<void> => Promise.resolve();

it('delivers to all listeners of the topic, after the step of the publisher', async () => {
  const heard: unknown[] = [];
  bus.subscribe('a', (message) => heard.push(['first', message]));
  bus.subscribe('a', (message) => heard.push(['second', message]));
  bus.subscribe('b', () => heard.push('wrong'));
  bus.publish('a', 1);
  expect(heard).toEqual([]);
  await settled();
  expect(heard).toEqual([
    ['first', 1],
    ['second', 1],
  ]);
});

it('ends a subscription without touching another of the same function', async () => {
  const listener = jest.fn();
  const end = bus.subscribe('a', listener);
  bus.subscribe('a', listener);
  end();
  end();
  bus.publish('a', 1);
  await settled();
  expect(listener).toHaveBeenCalledTimes(1);
});

it('delivers to the others when one listener fails, and logs it', async () => {
  const heard: unknown[] = [];
  bus.subscribe('a', () => {
    throw new Error('boom');
  });
  bus.subscribe('a', (message) => heard.push(message));
  bus.publish('a', 1);
  await settled();
  expect(heard).toEqual([1]);
  expect(lines.join('')).toContain('bus.listener_failed');
});

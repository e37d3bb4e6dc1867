import { envFault } from '../../../registry/command-rules.js';
import type { TranslateFlags } from '../../translate-command.js';
import { exposedBy, headerVariables, pathsOf, sourceOf } from './plan.js';

const flags = (more: Partial<TranslateFlags>): TranslateFlags => ({
  host: '127.0.0.1',
  port: '0',
  ssePath: '/sse',
  messagePath: '/message',
  keepAlive: '30',
  logLevel: 'info',
  ...more,
});

describe('the plan of a translation', () => {
  it('starts a program, or goes to a remote server', () => {
    expect(sourceOf(flags({ stdio: `a 'b c'` }))).toEqual({ argv: ['a', 'b c'] });
    const url = 'http://h/mcp';
    const remote = (transport: string) => ({ remote: { url, transport } });
    expect(sourceOf(flags({ stdio: true, connect: url }))).toEqual(remote('AUTO'));
    expect(sourceOf(flags({ stdio: true, sse: url }))).toEqual(remote('SSE'));
    expect(sourceOf(flags({ stdio: true, connectSse: url }))).toEqual(remote('SSE'));
    expect(sourceOf(flags({ stdio: true, connectStreamableHttp: url }))).toEqual(
      remote('STREAMABLEHTTP'),
    );
  });

  it.each([
    [{}, 'what to translate'],
    [{ stdio: true }, 'what to translate'],
    [{ stdio: '  ' }, 'empty'],
    [{ stdio: 'a "b' }, 'quote'],
    [{ stdio: 'a', connect: 'http://h' }, 'not both'],
    [{ connect: 'http://h' }, '--stdio without a value'],
    [{ stdio: true, connect: 'http://h', sse: 'http://h' }, 'one remote server'],
  ] as const)('refuses %j', (given, sentence) => {
    expect(() => sourceOf(flags(given))).toThrow(sentence);
  });

  it('exposes what is named, by either spelling', () => {
    expect([...exposedBy(flags({}))]).toEqual(['mcp', 'sse']);
    expect([...exposedBy(flags({ expose: 'ws, mcp' }))]).toEqual(['ws', 'mcp']);
    expect([...exposedBy(flags({ exposeSse: true }))]).toEqual(['sse']);
    expect(() => exposedBy(flags({ expose: 'grpc' }))).toThrow('grpc');
  });

  it('takes headers for variables that are safe to set', () => {
    const of = (...headerToEnv: string[]) =>
      headerVariables(flags({ headerToEnv, enableDynamicEnv: true }), envFault);
    expect(of('X-Key=API_KEY', 'Authorization=TOKEN')).toEqual([
      { header: 'x-key', variable: 'API_KEY' },
      { header: 'authorization', variable: 'TOKEN' },
    ]);
    for (const bad of [
      'X-Key',
      '=A',
      'X Y=A',
      'Host=A',
      'Mcp-Name=A',
      'X=1A',
      'X=LD_PRELOAD',
      'X=PATH',
    ])
      expect(() => of(bad)).toThrow('--header-to-env');
  });

  it('takes no headers for variables unless that is allowed', () => {
    const headerToEnv = ['X-Key=API_KEY'];
    expect(() => headerVariables(flags({ headerToEnv }), envFault)).toThrow('--enable-dynamic-env');
    expect(headerVariables(flags({}), envFault)).toEqual([]);
  });

  it('wants paths that differ', () => {
    expect(pathsOf(flags({ ssePath: '/a/b' }))).toEqual({ sse: '/a/b', message: '/message' });
    expect(() => pathsOf(flags({ ssePath: '/message' }))).toThrow('differ');
    expect(() => pathsOf(flags({ messagePath: 'x y' }))).toThrow('no path');
  });
});

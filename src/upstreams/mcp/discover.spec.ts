import { GatewayError } from '../../kernel/errors.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { probeEra } from './discover.js';
import { answeredBadly, brokeOff, refusedByStatus } from './upstream-fault.js';

const result = (value: unknown) => () => Promise.resolve(JSON.stringify(value));
const failing = (error: Error) => () => Promise.reject(error);
const rpc = (code: number, data?: unknown): UpstreamRpcError =>
  new UpstreamRpcError(JSON.stringify({ code, message: 'no', data }), code, 'modern');
const discovery = { supportedVersions: ['2026-07-28', '2025-11-25'], capabilities: { tools: {} } };

/** The table of PROTOCOL.md §7.1. */
describe('the probe of the era', () => {
  it('takes who answers for modern, with what it says of itself', async () => {
    const _meta = { 'io.modelcontextprotocol/serverInfo': { name: 'x', version: '2' } };
    const verdict = await probeEra(result({ ...discovery, instructions: 'be kind', _meta }), false);
    expect(verdict).toEqual({
      era: 'modern',
      greeting: {
        era: 'modern',
        protocolVersion: '2026-07-28',
        capabilities: '{"tools":{}}',
        serverInfo: '{"name":"x","version":"2"}',
        instructions: 'be kind',
      },
    });
  });

  const legacy: [string, () => Promise<string>][] = [
    ['a result that is no discovery', result({})],
    ['only legacy revisions', result({ supportedVersions: ['2025-11-25'] })],
    ['-32022 with a legacy revision', failing(rpc(-32022, { supported: ['2025-06-18'] }))],
    ['-32022 that names nothing', failing(rpc(-32022))],
    ['an error of JSON-RPC', failing(rpc(-32601))],
    ...[400, 404, 405, 406].map((status): [string, () => Promise<string>] => [
      `status ${String(status)}`,
      failing(refusedByStatus(status)),
    ]),
    ['an answer that makes no sense', failing(answeredBadly('no JSON'))],
  ];
  it.each(legacy)('takes it for legacy: %s', async (_name, ask) => {
    expect(await probeEra(ask, false)).toEqual({ era: 'legacy' });
  });

  const undecided: [string, Error][] = [
    ...[401, 403, 429, 500, 503].map((status): [string, Error] => [
      `status ${String(status)}`,
      refusedByStatus(status),
    ]),
    ['a broken line', brokeOff('reset')],
    ['silence', new GatewayError('upstream_timeout', { what: 'x', ms: 1 })],
    ['nobody there', new GatewayError('upstream_unreachable', { reason: 'refused' })],
  ];
  it.each(undecided)('tells nothing over HTTP from %s', async (_name, error) => {
    await expect(probeEra(failing(error), false)).rejects.toBe(error);
  });

  it('takes silence and an end on a pipe for legacy, but not a program that is not there', async () => {
    const silence = new GatewayError('upstream_timeout', { what: 'x', ms: 1 });
    expect(await probeEra(failing(silence), true)).toEqual({ era: 'legacy' });
    expect(await probeEra(failing(brokeOff('it ended')), true)).toEqual({ era: 'legacy' });
    const absent = new GatewayError('upstream_unreachable', { reason: 'no such command' });
    await expect(probeEra(failing(absent), true)).rejects.toBe(absent);
  });

  it.each([-32020, -32021])(
    'takes who refuses the question by %d for modern: no legacy server does, and our question was at fault',
    async (code) => {
      for (const isPipe of [false, true])
        expect(await probeEra(failing(rpc(code)), isPipe)).toMatchObject({
          era: 'modern',
          greeting: { era: 'modern', protocolVersion: '2026-07-28', capabilities: '{}' },
          refusal: code,
        });
    },
  );

  it.each([
    ['no revision in common', result({ supportedVersions: ['2030-01-01'] })],
    ['-32022 without one', failing(rpc(-32022, { supported: ['2030-01-01'] }))],
    ['-32022 with the one that was claimed', failing(rpc(-32022, { supported: ['2026-07-28'] }))],
  ])('gives up with a reason: %s', async (_name, ask) => {
    await expect(probeEra(ask, false)).rejects.toMatchObject({ code: 'upstream_error' });
  });
});

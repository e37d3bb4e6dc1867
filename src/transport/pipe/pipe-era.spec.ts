import { parseMessage } from '../../kernel/jsonrpc.js';
import { CLAIM } from '../../kernel/mcp.js';
import { PipeEra } from './pipe-era.js';

const claim = (revision: unknown = '2026-07-28'): object => ({
  [CLAIM.protocolVersion]: revision,
  [CLAIM.clientCapabilities]: {},
});

const request = (method: string, meta?: object) =>
  parseMessage(
    JSON.stringify({ jsonrpc: '2.0', id: 7, method, ...(meta && { params: { _meta: meta } }) }),
  );
const notice = (method: string, meta?: object) =>
  parseMessage(
    JSON.stringify({ jsonrpc: '2.0', method, ...(meta && { params: { _meta: meta } }) }),
  );

/** Code of the refusal, or the era that was taken. */
function outcome(era: PipeEra, message: ReturnType<typeof request>): string {
  try {
    return era.clientOf(message)?.era ?? 'legacy';
  } catch (e) {
    return (e as { code: string }).code;
  }
}

describe('PipeEra', () => {
  it.each([
    ['modern', request('tools/list', claim()), request('tools/list')],
    ['modern', request('initialize', claim()), request('initialize')],
    ['legacy', request('initialize'), request('tools/list', claim())],
    ['legacy', request('ping'), request('server/discover', claim())],
  ])('is settled as %s by the first request, and refuses the other', (name, opening, other) => {
    const era = new PipeEra(false);
    expect(outcome(era, opening)).toBe(name);
    expect(outcome(era, other)).toBe('invalid_request');
    expect(outcome(era, opening)).toBe(name);
  });

  it.each([request('initialize'), request('tools/list', claim())])(
    'stays open for both after a probe ($method)',
    (next) => {
      const era = new PipeEra(false);
      expect(outcome(era, request('server/discover', claim()))).toBe('modern');
      expect(outcome(era, request('server/discover'))).toBe('legacy');
      expect(outcome(era, next)).toBe(next.params === null ? 'legacy' : 'modern');
    },
  );

  it.each([
    ['unsupported_protocol_version', claim('v999')],
    ['unsupported_protocol_version', claim('2025-11-25')],
    ['invalid_params', { [CLAIM.protocolVersion]: '2026-07-28' }],
  ])('is not settled by what is refused with %s', (code, meta) => {
    const era = new PipeEra(false);
    expect(outcome(era, request('tools/list', meta))).toBe(code);
    expect(outcome(era, request('initialize'))).toBe('legacy');
  });

  it('names the request that it refuses', () => {
    const era = new PipeEra(false);
    expect(() => era.clientOf(request('tools/list', claim('v999')))).toThrow(
      expect.objectContaining({
        extras: expect.objectContaining({
          rpcId: '7',
          data: { supported: ['2026-07-28'], requested: 'v999' },
        }) as unknown,
      }),
    );
    era.clientOf(request('initialize'));
    expect(() => era.clientOf(request('tools/list', claim()))).toThrow(
      expect.objectContaining({ extras: { rpcId: '7' } }),
    );
  });

  it('lets through what wants no answer, and is not settled by it', () => {
    const era = new PipeEra(false);
    const method = 'notifications/cancelled';
    expect(outcome(era, notice(method, claim()))).toBe('legacy');
    expect(outcome(era, notice(method, claim('v999')))).toBe('legacy');
    expect(outcome(era, notice(method))).toBe('legacy');
    expect(outcome(era, request('tools/list', claim()))).toBe('modern');
    expect(outcome(era, notice(method))).toBe('legacy');
  });

  it('is legacy on HTTP+SSE, and refuses every claim, however it is written', () => {
    const era = new PipeEra(true);
    const supported = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
    expect(() => era.clientOf(request('server/discover', claim()))).toThrow(
      expect.objectContaining({
        extras: { rpcId: '7', data: { supported, requested: '2026-07-28' } },
      }),
    );
    const escaped = JSON.stringify({ params: { _meta: claim() } }).replace('io.', '\\u0069o.');
    const message = parseMessage(`{"jsonrpc":"2.0","method":"a/b",${escaped.slice(1)}`);
    expect(outcome(era, message)).toBe('unsupported_protocol_version');
    expect(outcome(era, request('tools/list', { a: 'io.b' }))).toBe('legacy');
  });
});

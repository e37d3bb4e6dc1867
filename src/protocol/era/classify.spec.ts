import { classifyInboundRequest } from '@modelcontextprotocol/server';
import { GatewayError } from '../../kernel/errors.js';
import { parseMessage } from '../../kernel/jsonrpc.js';
import { CLAIM } from '../../kernel/mcp.js';
import { classify } from './classify.js';

const MODERN = '2026-07-28';
const claim = (more: object = {}): object => ({
  [CLAIM.protocolVersion]: MODERN,
  [CLAIM.clientCapabilities]: {},
  ...more,
});

/** `modern`, `legacy` or the code of the refusal. */
function verdict(message: object, header?: string): string {
  try {
    return classify(parseMessage(JSON.stringify(message)), header) === null ? 'legacy' : 'modern';
  } catch (e) {
    if (!(e instanceof GatewayError)) throw e;
    return String(e.row.rpc);
  }
}

/** The same of the SDK, with its trap taken out: any claimed revision is `modern` to it. */
function verdictOfSdk(message: object, header?: string): string {
  const outcome = classifyInboundRequest({
    httpMethod: 'POST',
    body: message,
    ...(header === undefined ? {} : { protocolVersionHeader: header }),
  });
  if (outcome.kind === 'legacy') return 'legacy';
  if (outcome.kind !== 'modern') return String(outcome.code);
  const { revision } = outcome.classification;
  return revision === undefined || revision === MODERN ? 'modern' : '-32022';
}

/** Numbers between 0 and 1, the same in every run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const METHODS = ['initialize', 'tools/list', 'tools/call', 'ping', 'server/discover', 'x/y'];
const VERSIONS = [MODERN, MODERN, MODERN, '2025-11-25', '1999-01-01', '2030-01-01', 7, null];
const CAPABILITIES = [
  ...[{}, {}, { roots: {} }, { elicitation: { form: {} } }, { elicitation: {} }],
  ...[{ sampling: 3 }, { extensions: { a: 1 } }, { extensions: { a: {} } }, [], 'no', undefined],
  { sampling: { tools: {} }, unknown: { a: 1 } },
];
const INFOS = [undefined, undefined, { name: 'a', version: '1' }, { name: 'a' }, 'me'];
const LEVELS = [undefined, undefined, 'debug', 'loud', 3];
const HEADERS = [undefined, MODERN, MODERN, '2025-11-25', '2024-11-05', '1999-01-01'];
const TOKENS = [undefined, undefined, 'a', 1];

function generated(random: () => number): { message: object; header: string | undefined } {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const method = one(METHODS);
  const progressToken = one(TOKENS);
  const meta: Record<string, unknown> = {
    ...(progressToken === undefined ? {} : { progressToken }),
    ...(random() < 0.7 ? { [CLAIM.protocolVersion]: one(VERSIONS) } : {}),
    [CLAIM.clientCapabilities]: one(CAPABILITIES),
    [CLAIM.clientInfo]: one(INFOS),
    [CLAIM.logLevel]: one(LEVELS),
  };
  const params = {
    ...(method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: {} } : {}),
    ...(random() < 0.8 ? { _meta: JSON.parse(JSON.stringify(meta)) as object } : {}),
  };
  const base = { jsonrpc: '2.0', method, ...(random() < 0.9 ? { params } : {}) };
  const message =
    random() < 0.1
      ? { jsonrpc: '2.0', id: 1, result: {} }
      : random() < 0.25
        ? { ...base, method: 'notifications/x' }
        : { ...base, id: 1 };
  return { message, header: one(HEADERS) };
}

describe('the era of a message', () => {
  it('is that of the SDK for 500 generated messages', () => {
    const random = randoms(4711);
    const seen = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const { message, header } = generated(random);
      const ours = verdict(message, header);
      expect([i, message, header, ours]).toEqual([
        i,
        message,
        header,
        verdictOfSdk(message, header),
      ]);
      seen.add(ours);
    }
    // What never comes up would be compared with nothing.
    expect([...seen].sort()).toEqual(['-32020', '-32022', '-32602', 'legacy', 'modern']);
  });

  it.each([
    ['a claim', 'tools/list', claim(), undefined, 'modern'],
    ['initialize with a claim', 'initialize', claim(), MODERN, 'modern'],
    ['initialize under a modern header', 'initialize', undefined, MODERN, '-32020'],
    ['no claim under a modern header', 'tools/list', undefined, MODERN, '-32602'],
    ['no claim under a legacy header', 'tools/list', undefined, '2025-06-18', 'legacy'],
    ['another header', 'tools/list', claim(), '2025-11-25', '-32020'],
    ['a legacy claim', 'x', claim({ [CLAIM.protocolVersion]: '2025-11-25' }), undefined, '-32022'],
    ['an unknown claim', 'x', claim({ [CLAIM.protocolVersion]: 'v999.0.0' }), undefined, '-32022'],
    ['no capabilities', 'x', { [CLAIM.protocolVersion]: MODERN }, MODERN, '-32602'],
    ['a `_meta` that is none', 'x', [], MODERN, '-32600'],
  ])('with %s is as PROTOCOL.md §1.3 says', (_, method, meta, header, expected) => {
    const params = meta === undefined ? {} : { params: { _meta: meta } };
    expect(verdict({ jsonrpc: '2.0', id: 1, method, ...params }, header)).toBe(expected);
  });

  it('is found behind a key written with escapes', () => {
    const text = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'x', params: { _meta: claim() } },
    }).replace(
      'io.modelcontextprotocol/protocolVersion',
      'io.modelcontextprotocol\\/protocolVersion',
    );
    expect(classify(parseMessage(text), undefined)?.era).toBe('modern');
  });

  it('names what the envelope lacks', () => {
    const lacking = parseMessage('{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{}}}');
    expect(() => classify(lacking, MODERN)).toThrow(CLAIM.clientCapabilities);
    const bare = parseMessage('{"jsonrpc":"2.0","id":1,"method":"x"}');
    expect(() => classify(bare, MODERN)).toThrow('_meta');
  });

  it('says what can be claimed', () => {
    const old = { jsonrpc: '2.0', id: 1, method: 'x' };
    const _meta = claim({ [CLAIM.protocolVersion]: '2025-11-25' });
    try {
      classify(parseMessage(JSON.stringify({ ...old, params: { _meta } })), undefined);
      throw new Error('was not refused');
    } catch (e) {
      expect((e as GatewayError).extras.data).toEqual({
        supported: [MODERN],
        requested: '2025-11-25',
      });
    }
  });

  it('brings the client with it', () => {
    const _meta = claim({
      [CLAIM.clientCapabilities]: { elicitation: { form: {} }, roots: {} },
      [CLAIM.clientInfo]: { name: 'c', version: '2', title: 'C' },
      [CLAIM.logLevel]: 'warning',
    });
    const message = { jsonrpc: '2.0', id: 1, method: 'x', params: { _meta } };
    expect(classify(parseMessage(JSON.stringify(message)), MODERN)).toEqual({
      era: 'modern',
      revision: MODERN,
      sessionId: null,
      capabilities: '{"elicitation":{"form":{}},"roots":{}}',
      clientInfo: '{"name":"c","version":"2"}',
      logLevel: 'warning',
    });
  });
});

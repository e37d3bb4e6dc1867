import { aCall } from '../../../test/builders/call.js';
import { aGateway } from '../../../test/builders/catalog.js';
import type { Gateway } from '../../kernel/catalog.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import type { Revision } from '../../kernel/mcp.js';
import type { Trail } from '../../audit/trail.js';
import type { CatalogService } from '../../registry/catalog.service.js';
import type { OwnResults } from '../era/own-results.js';
import type { Upward } from '../legs.js';
import type { Lists } from './lists.js';
import { PromptsMethods } from './prompts.methods.js';
import type { UpwardCalls } from './upward.js';

const NOTHING = '"completion":{"values":[],"total":0,"hasMore":false}';
const SAID = '{"completion":{"values":["paris"]}}';
const PARAMS = {
  ref: { type: 'ref/prompt', name: 'p' },
  argument: { name: 'city', value: 'pa' },
  context: { arguments: { country: 'fr' } },
};

/** What an upstream with these facts is asked, and what the client gets. */
async function completed(
  facts: Partial<Gateway>,
  { revision = '2025-11-25', error = null }: { revision?: Revision; error?: Error | null } = {},
): Promise<{ asked: string[]; answer: unknown }> {
  const asked: string[] = [];
  const entry = { prompt: { originalName: 'own' }, gateway: aGateway(facts), shownName: 'p' };
  const methods = new PromptsMethods(
    { view: () => ({ prompt: () => entry }) } as unknown as CatalogService,
    {
      send: (_call: unknown, { params }: Upward) => {
        asked.push(params);
        return error === null ? Promise.resolve(SAID) : Promise.reject(error);
      },
    } as unknown as UpwardCalls,
    {} as Lists,
    { dress: (_call: unknown, inside: string) => `{${inside}}` } as OwnResults,
  );
  const handler = methods.handlers()['completion/complete'];
  const call = aCall('completion/complete', PARAMS, { client: { revision } });
  return { asked, answer: await handler?.(call, {} as Trail) };
}

const announced = { capabilities: { completions: {} }, protocolVersion: '2025-11-25' };
const refusal = (code: number) => new UpstreamRpcError(JSON.stringify({ code }), code);

describe('completion', () => {
  it('is relayed under the name of the upstream', async () => {
    expect(await completed(announced)).toEqual({
      asked: [
        '"ref":{"type":"ref/prompt","name":"own"},' +
          '"argument":{"name":"city","value":"pa"},"context":{"arguments":{"country":"fr"}}',
      ],
      answer: SAID,
    });
  });

  it('is empty where the upstream would have said that it completes', async () => {
    const silent = { capabilities: {}, protocolVersion: '2025-03-26' };
    expect(await completed(silent)).toEqual({ asked: [], answer: `{${NOTHING}}` });
  });

  describe('by an upstream of 2024-11-05, which could not say so', () => {
    const old = { capabilities: {}, protocolVersion: '2024-11-05' };

    it('is asked for', async () => {
      const { asked, answer } = await completed(old);
      expect([asked.length, answer]).toEqual([1, SAID]);
    });

    it('is empty when it knows no such method', async () => {
      const { answer } = await completed(old, { error: refusal(-32601) });
      expect(answer).toBe(`{${NOTHING}}`);
    });

    it('is the error that it answers otherwise', async () => {
      const error = refusal(-32602);
      await expect(completed(old, { error })).rejects.toBe(error);
    });
  });

  it.each([
    ['of the upstream', { ...announced, protocolVersion: '2025-03-26' }, '2025-11-25'],
    ['of the client', announced, '2025-03-26'],
  ] as const)('has no context before 2025-06-18, the revision %s', async (_of, facts, revision) => {
    const { asked } = await completed(facts, { revision });
    expect(asked[0]).not.toContain('context');
    expect(asked[0]).toContain('"argument"');
  });
});

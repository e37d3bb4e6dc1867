import { GatewayError } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import { type Ask, discover, failureTexts } from './discovery.js';

const upstream = (capabilities: object, ask: Ask) => ({
  greeting: {
    era: 'legacy' as const,
    protocolVersion: '2025-11-25',
    capabilities: JSON.stringify(capabilities),
    serverInfo: '{"name":"x","version":"1"}',
    instructions: 'be kind',
  },
  transport: 'STREAMABLEHTTP' as const,
  eraAt: '2026-01-01T00:00:00.000Z',
  ask,
});
const notFound = (): never => {
  throw new UpstreamRpcError('{"code":-32601,"message":"no"}', -32601);
};

describe('discovery', () => {
  it('keeps the text of every item as it came', async () => {
    const b = '{"name":"b","inputSchema":{"type":"object"}}';
    const item = '{ "name":"a", "inputSchema" : {"type":"object","x":1.0}, "é":"\\u00e9" }';
    const { found } = await discover(
      upstream({ tools: {} }, () => Promise.resolve(`{"tools":[ ${item} ,${b}]}`)),
    );
    expect(found.tools).toEqual([
      { name: 'a', text: item },
      { name: 'b', text: b },
    ]);
    expect(found).toMatchObject({ instructions: 'be kind', serverInfo: { name: 'x' } });
  });

  it('takes the lesser of what the pages of a modern upstream say of the life of a list', async () => {
    const modern = upstream({ tools: {}, prompts: {}, resources: {} }, (method, params) => {
      if (method === 'prompts/list') return Promise.resolve('{"prompts":[],"ttlMs":-1.5}');
      if (method !== 'tools/list')
        return Promise.resolve('{"resources":[],"resourceTemplates":[]}');
      const first = '{"tools":[],"nextCursor":"2","ttlMs":9,"cacheScope":"public"}';
      return Promise.resolve(
        params === '' ? first : '{"tools":[],"ttlMs":7,"cacheScope":"private"}',
      );
    });
    const unkept = { ttlMs: 0, cacheScope: 'private' };
    expect((await discover(modern)).found.listHints).toEqual({});
    const greeting = { ...modern.greeting, era: 'modern' as const };
    expect((await discover({ ...modern, greeting })).found.listHints).toEqual({
      tools: { ttlMs: 7, cacheScope: 'private' },
      prompts: unkept,
      resources: unkept,
      resourceTemplates: unkept,
    });
  });

  it('asks only for declared lists; the others are empty', async () => {
    const asked: string[] = [];
    const { found, failures } = await discover(
      upstream({ prompts: {} }, (method) => {
        asked.push(method);
        return Promise.resolve('{"prompts":[{"name":"p"}]}');
      }),
    );
    expect(asked).toEqual(['prompts/list']);
    expect(failures).toEqual([]);
    expect(found).toMatchObject({ tools: [], resources: [], resourceTemplates: [] });
  });

  it('leaves out bad items alone, each with a reason', async () => {
    const tools = [
      { name: 'good', inputSchema: { type: 'object' } },
      { name: 'y'.repeat(129) },
      { name: 3 },
      { name: 'schema', inputSchema: 'x' },
      'text',
    ];
    const { found } = await discover(
      upstream({ tools: {} }, () => Promise.resolve(JSON.stringify({ tools }))),
    );
    expect(found.tools).toHaveLength(1);
    expect(found.skipped.map((s) => s.reason)).toEqual([
      'the name is longer than 128 characters',
      'no valid name',
      'inputSchema is not an object',
      'not an object',
    ]);
  });

  it('keeps what it can when a list fails', async () => {
    const discovery = await discover(
      upstream({ tools: {}, resources: {}, prompts: {} }, (method) => {
        if (method === 'tools/list')
          return Promise.resolve('{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}');
        if (method === 'resources/list') return Promise.resolve('{"resources":{}}');
        return notFound();
      }),
    );
    expect(discovery.found.tools).toHaveLength(1);
    expect(discovery.found.resources).toBeUndefined();
    expect(discovery.found.resourceTemplates).toEqual([]);
    expect(discovery.found.prompts).toBeUndefined();
    expect(failureTexts(discovery)).toEqual([
      "resources/list: the answer has no list 'resources'",
      'prompts/list: the upstream answered JSON-RPC error -32601',
    ]);
    expect(discovery.failures[0]?.error).toBeInstanceOf(GatewayError);
  });

  it('follows cursors as they are, an empty one too', async () => {
    const pages: Record<string, string> = {
      '': '{"tools":[{"name":"a","inputSchema":{"type":"object"}}],"nextCursor":""}',
      '"cursor":""': '{"tools":[{"name":"b","inputSchema":{"type":"object"}}],"nextCursor":"\\"1"}',
      '"cursor":"\\"1"': '{"tools":[{"name":"c","inputSchema":{"type":"object"}}]}',
    };
    const { found } = await discover(
      upstream({ tools: {} }, (_method, params) => Promise.resolve(pages[params] as string)),
    );
    expect(found.tools?.map((tool) => tool.name)).toEqual(['a', 'b', 'c']);
    expect(found.skipped).toEqual([]);
  });

  it('stops at a cursor it has seen, and says so', async () => {
    let asked = 0;
    const { found } = await discover(
      upstream({ tools: {} }, () => {
        asked++;
        return Promise.resolve(
          `{"tools":[{"name":"t${String(asked)}","inputSchema":{"type":"object"}}],"nextCursor":"same"}`,
        );
      }),
    );
    expect(asked).toBe(2);
    expect(found.tools).toHaveLength(2);
    expect(found.skipped).toEqual([
      { kind: 'tool', name: '', reason: 'the list repeats a cursor: what follows was not read' },
    ]);
  });

  it('stops after 50 pages and after 5,000 items', async () => {
    let asked = 0;
    const endless = (perPage: number): Ask => {
      return () => {
        const tools = Array.from({ length: perPage }, (_, i) => ({
          name: `t${asked}-${i}`,
          inputSchema: { type: 'object' },
        }));
        return Promise.resolve(JSON.stringify({ tools, nextCursor: String(asked++) }));
      };
    };
    const byPages = await discover(upstream({ tools: {} }, endless(1)));
    expect(byPages.found.tools).toHaveLength(50);
    expect(byPages.found.skipped).toHaveLength(1);
    asked = 0;
    const byItems = await discover(upstream({ tools: {} }, endless(3000)));
    expect(asked).toBe(2);
    expect(byItems.found.tools).toHaveLength(5000);
    expect(byItems.found.skipped).toHaveLength(1);
  });
});

import type { Loose } from '../drive/rest.js';
import type { Peer, Said } from './peer.js';

/** One thing that must look the same directly and through the gateway. */
export interface Behaviour {
  readonly name: string;
  /** What the channel must be able to carry before the answer. */
  readonly needs?: 'notices' | 'questions';
  /** Where the fixture itself does not do as the specification says. */
  readonly wanted?: unknown;
  /** @returns what is compared */
  run(peer: Peer): Promise<unknown>;
}

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/**
 * A result without what names the hop rather than the answer: hints for caches, the server's own name
 * and, where eras are crossed, the word that the answer is complete.
 */
function plain({ answer }: Said): unknown {
  if (answer.error !== undefined) return { error: answer.error.code };
  const { ttlMs: _ttl, cacheScope: _scope, resultType, _meta, ...rest } = answer.result;
  const { [SERVER_INFO]: _info, ...meta } = (_meta ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    ...(resultType === undefined || resultType === 'complete' ? {} : { resultType }),
    ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }),
  };
}

/** As a person would answer: the first choice, a name, one folder. */
export function answering(method: string, params: Loose): Loose {
  if (method === 'roots/list') return { roots: [{ uri: 'file:///work', name: 'work' }] };
  if (method === 'sampling/createMessage')
    return { role: 'assistant', model: 'm', content: { type: 'text', text: 'Paris' } };
  const properties: Record<string, Loose> = params['requestedSchema']?.properties ?? {};
  const content = Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [key, valueFor(schema)]),
  );
  return { action: 'accept', content };
}

function valueFor(schema: Loose): unknown {
  if (schema['default'] !== undefined) return schema['default'];
  const choice = schema['enum']?.[0] ?? schema['oneOf']?.[0]?.const;
  if (choice !== undefined) return choice;
  switch (schema['type']) {
    case 'boolean':
      return true;
    case 'number':
    case 'integer':
      return 7;
    case 'array':
      return [schema['items']?.enum?.[0] ?? schema['items']?.anyOf?.[0]?.const];
    default:
      return 'blue';
  }
}

const call = (name: string, args: object = {}): Behaviour => ({
  name: `calls ${name}`,
  run: async (peer) => plain(await peer.request('tools/call', { name, arguments: args })),
});

const asks = (name: string, args: object = {}): Behaviour => ({
  name: `answers what ${name} asks`,
  needs: 'questions',
  run: async (peer) => {
    const said = await peer.request('tools/call', { name, arguments: args }, { answering });
    return { asked: said.asked, result: plain(said) };
  },
});

const get = (name: string, method: string, params: object): Behaviour => ({
  name,
  run: async (peer) => plain(await peer.request(method, params)),
});

const list = (method: string, key: string): Behaviour => ({
  name: `lists by ${method}`,
  run: async (peer) => {
    const { answer } = await peer.request(method, {});
    const items = answer.result?.[key] as Loose[];
    // The fixture has task tools in the modern era only.
    const common = items.filter((item) => !TASK_TOOLS.has(item['name']));
    return common
      .map(({ execution: _, ...item }: Loose) => item)
      .sort((a, b) => ((a['name'] as string) < (b['name'] as string) ? -1 : 1));
  },
});

const TASK_TOOLS = new Set([
  ...['slow_compute', 'failing_job', 'protocol_error_job', 'confirm_delete', 'multi_input'],
  ...['test_tool_with_task', 'greet'],
]);

export const BEHAVIOURS: readonly Behaviour[] = [
  list('tools/list', 'tools'),
  list('resources/list', 'resources'),
  list('resources/templates/list', 'resourceTemplates'),
  list('prompts/list', 'prompts'),
  call('test_simple_text'),
  call('test_image_content'),
  call('test_audio_content'),
  call('test_embedded_resource'),
  call('test_multiple_content_types'),
  call('test_error_handling'),
  call('json_schema_2020_12_tool', { name: 'a', contactMethod: 'phone', phone: '1' }),
  call('test_x_mcp_header', { region: 'eu' }),
  get('reads text', 'resources/read', { uri: 'test://static-text' }),
  get('reads a blob', 'resources/read', { uri: 'test://static-binary' }),
  get('reads through a template', 'resources/read', { uri: 'test://template/7/data' }),
  {
    // The code of the revision (25 Resources §Error Handling, 26 the same), whatever the upstream says.
    name: 'knows no such resource',
    run: async (peer) => {
      const { answer } = await peer.request('resources/read', { uri: 'test://nowhere' });
      return answer.error?.code === (peer.era === 'modern' ? -32602 : -32002);
    },
    wanted: true,
  },
  get('gets a prompt', 'prompts/get', { name: 'test_simple_prompt' }),
  get('gets a prompt with arguments', 'prompts/get', {
    name: 'test_prompt_with_arguments',
    arguments: { arg1: 'a', arg2: 'b' },
  }),
  get('completes', 'completion/complete', {
    ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
    argument: { name: 'arg1', value: 'pa' },
  }),
  {
    name: 'relays progress in order under the token of the client',
    needs: 'notices',
    run: async (peer) => {
      const params = { name: 'test_tool_with_progress', arguments: {} };
      const said = await peer.request('tools/call', params, { meta: { progressToken: 'tok-1' } });
      return said.notices.filter((n) => n.method === 'notifications/progress').map((n) => n.params);
    },
  },
  {
    name: 'relays log messages of the call',
    needs: 'notices',
    run: async (peer) => {
      const level = { 'io.modelcontextprotocol/logLevel': 'info' };
      if (peer.era === 'legacy') await peer.request('logging/setLevel', { level: 'info' });
      const params = { name: 'test_tool_with_logging', arguments: {} };
      const asking = peer.era === 'modern' ? { meta: level } : {};
      const said = await peer.request('tools/call', params, asking);
      const logs = said.notices.filter((n) => n.method === 'notifications/message');
      return { logs: logs.map((n) => n.params?.data as unknown), result: plain(said) };
    },
  },
  asks('test_sampling', { prompt: 'capital?' }),
  asks('test_elicitation', { message: 'who?' }),
  asks('test_elicitation_sep1034_defaults'),
  asks('test_elicitation_sep1330_enums'),
  asks('test_input_required_result_list_roots'),
  asks('test_input_required_result_multiple_inputs'),
  asks('test_input_required_result_multi_round'),
  {
    name: 'answers what a prompt asks',
    needs: 'questions',
    run: async (peer) => {
      const params = { name: 'test_input_required_result_prompt' };
      const said = await peer.request('prompts/get', params, { answering });
      return { asked: said.asked, result: plain(said) };
    },
  },
];

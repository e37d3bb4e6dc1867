import { loadConfig } from '../../config/load-config.js';
import { Meters } from './meters.js';

let meters: Meters;
const start = (env: NodeJS.ProcessEnv = {}): Meters =>
  new Meters(loadConfig(env, { cwd: __dirname }));
beforeEach(() => {
  meters = start();
});
afterEach(() => {
  meters.onModuleDestroy();
});

const lines = async (prefix: string): Promise<string[]> =>
  (await meters.registry.metrics()).split('\n').filter((line) => line.startsWith(prefix));

it('prints HELP and TYPE of every family before anything happened', async () => {
  const text = await meters.registry.metrics();
  const helped = [...text.matchAll(/^# HELP (\S+) \S/gm)].map((m) => m[1]);
  const typed = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram|summary)$/gm)];
  expect(typed.map((m) => m[1])).toEqual(helped);
  expect(helped).toEqual(
    expect.arrayContaining(['tool_calls_total', 'gateway_up', 'process_cpu_seconds_total']),
  );
  for (const [, name, type] of typed) if (type === 'counter') expect(name).toMatch(/_total$/);
  expect(text).toMatch(/^mcpgateway_build_info\{version="[\d.]+",revision="\w+",node="v\d+/m);
  expect(await lines('mcpgateway_event_loop_lag_seconds')).toHaveLength(1);
});

it('counts and times tool calls in cumulative buckets', async () => {
  meters.toolCall('add', 'time', 'success', 0.015);
  meters.toolCall('add', 'time', 'success', 0.3);
  meters.toolCall('add', 'time', 'cancelled', 1000);
  expect(await lines('tool_calls_total')).toEqual([
    'tool_calls_total{tool="add",gateway="time",status="success"} 2',
    'tool_calls_total{tool="add",gateway="time",status="error"} 1',
  ]);
  const name = 'mcpgateway_tool_call_duration_seconds';
  const labels = 'tool="add",gateway="time",integration="mcp"';
  const all = await lines(name);
  expect(all).toContain(`${name}_bucket{${labels},le="0.01"} 0`);
  expect(all).toContain(`${name}_bucket{${labels},le="0.02"} 1`);
  expect(all).toContain(`${name}_bucket{${labels},le="300"} 2`);
  expect(all).toContain(`${name}_bucket{${labels},le="+Inf"} 3`);
  expect(all).toContain(`${name}_count{${labels}} 3`);
});

it('gives tools beyond the limit one common label', async () => {
  meters.onModuleDestroy();
  meters = start({ METRICS_MAX_TOOLS: '2' });
  for (const tool of ['a', 'b', 'c', 'd', 'a']) meters.toolCall(tool, 'g', 'success', 0);
  expect(await lines('tool_calls_total')).toEqual([
    'tool_calls_total{tool="a",gateway="g",status="success"} 2',
    'tool_calls_total{tool="b",gateway="g",status="success"} 1',
    'tool_calls_total{tool="__other__",gateway="g",status="success"} 2',
  ]);
});

it('does not let clients invent labels without end', async () => {
  for (let i = 0; i < 500; i += 1) meters.mcpRequest(`m${String(i)}`, 'http', 'error', 0);
  const series = await lines('mcpgateway_mcp_requests_total');
  expect(series).toHaveLength(101);
  expect(series.at(-1)).toMatch(/method="__other__".*era="legacy",outcome="error"\} 400$/);
});

it('takes the series of a gateway away with it', async () => {
  meters.toolCall('add', 'time', 'success', 0);
  meters.gatewayUp('time', true);
  meters.gatewayUp('other', false);
  meters.upstreamRequest('time', 'success', 0.1);
  meters.forgetGateway('time');
  expect(await meters.registry.metrics()).not.toContain('gateway="time"');
  expect(await lines('gateway_up')).toEqual(['gateway_up{gateway="other"} 0']);
  meters.gatewayUp('other', null);
  expect(await lines('gateway_up')).toEqual([]);
  meters.toolCall('add', 'time', 'success', 0);
  expect(await lines('tool_calls_total')).toHaveLength(1);
});

it('keeps the numbers of two apps apart', async () => {
  const second = start();
  second.authFailure('token_expired');
  expect(await lines('mcpgateway_auth_failures_total')).toEqual([]);
  second.onModuleDestroy();
});

it('escapes label values', async () => {
  meters.httpRequest('GET', '/a"b\\c', 200, 0);
  expect(await lines('mcpgateway_http_requests_total')).toEqual([
    'mcpgateway_http_requests_total{method="GET",route="/a\\"b\\\\c",status="200"} 1',
  ]);
});

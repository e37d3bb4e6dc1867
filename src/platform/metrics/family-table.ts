import { HistogramFamily, NumberFamily } from './families.js';

/** Bounds in seconds of whole calls, and of what the gateway does itself (OPERATIONS.md §5.1). */
const LONG = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const SHORT = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

const counter = <L extends string>(name: string, labels: readonly L[], help: string) =>
  new NumberFamily('counter', { name, labels, help });
const gauge = <L extends string>(name: string, labels: readonly L[], help: string) =>
  new NumberFamily('gauge', { name, labels, help });
const long = <L extends string>(name: string, labels: readonly L[], help: string) =>
  new HistogramFamily(LONG, { name, labels, help });
const short = <L extends string>(name: string, labels: readonly L[], help: string) =>
  new HistogramFamily(SHORT, { name, labels, help });

/** Every family, declared once; names and labels are the contract of API.md §4. */
// prettier-ignore
export const createFamilies = () => ({
  toolCalls: counter('tool_calls_total', ['tool', 'gateway', 'status'], 'Tool calls ended'),
  toolSeconds: long('mcpgateway_tool_call_duration_seconds', ['tool', 'gateway', 'integration'], 'Duration of tool calls'),
  mcpRequests: counter('mcpgateway_mcp_requests_total', ['method', 'transport', 'era', 'outcome'], 'MCP requests received'),
  mcpSeconds: long('mcpgateway_mcp_request_duration_seconds', ['method', 'transport', 'era', 'outcome'], 'Duration of MCP requests'),
  httpRequests: counter('mcpgateway_http_requests_total', ['method', 'route', 'status'], 'Requests to the control plane'),
  httpSeconds: short('mcpgateway_http_request_duration_seconds', ['method', 'route', 'status'], 'Duration of control plane requests'),
  gatewayUp: gauge('gateway_up', ['gateway'], 'Whether an enabled gateway is reachable'),
  upstreamRequests: counter('mcpgateway_upstream_requests_total', ['gateway', 'status'], 'Requests sent to gateways'),
  upstreamSeconds: long('mcpgateway_upstream_request_duration_seconds', ['gateway'], 'Duration of requests to gateways'),
  upstreamRetries: counter('mcpgateway_upstream_retries_total', ['gateway'], 'Requests to gateways that were repeated'),
  circuitState: gauge('mcpgateway_circuit_state', ['gateway'], 'Circuit breaker: 0 closed, 1 half open, 2 open'),
  stdioProcesses: gauge('mcpgateway_stdio_processes', ['gateway'], 'Running child processes'),
  sessions: gauge('mcpgateway_sessions', ['transport'], 'Sessions with a request within SESSION_TTL'),
  activeStreams: gauge('mcpgateway_active_streams', ['transport'], 'Open event streams and sockets'),
  inFlight: gauge('mcpgateway_in_flight_requests', ['plane'], 'Requests being worked on'),
  registryEntities: gauge('mcpgateway_registry_entities', ['kind', 'enabled'], 'Entities in the registry'),
  authFailures: counter('mcpgateway_auth_failures_total', ['reason'], 'Callers refused for their credentials'),
  rateLimited: counter('mcpgateway_rate_limited_total', ['scope'], 'Requests refused by a rate limit'),
  callLogQueue: gauge('mcpgateway_call_log_queue', [], 'Call log entries waiting to be written'),
  callLogDropped: counter('mcpgateway_call_log_dropped_total', [], 'Call log entries lost because the queue was full'),
  dropped: counter('mcpgateway_dropped_messages_total', ['reason'], 'Messages that were not passed on'),
  draining: gauge('mcpgateway_draining', [], 'Whether the process is shutting down'),
  eventLoopLag: gauge('mcpgateway_event_loop_lag_seconds', [], 'Delay of the event loop since the last scrape, 99th percentile'),
  buildInfo: gauge('mcpgateway_build_info', ['version', 'revision', 'node'], 'What is running'),
});

export type Families = ReturnType<typeof createFamilies>;

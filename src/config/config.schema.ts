import { ROLES } from '../kernel/caller.js';
import { LATEST_LEGACY, LEGACY_REVISIONS } from '../kernel/mcp.js';
import { checkNetwork, checkOrigin } from './addresses.js';
import { bool, bytes, int, list, millis, oneOf, seconds, secret, str, url } from './setting.js';
import type { Setting } from './setting.js';
import { checkDatabaseUrl, checkRootPath, checkTransportFamily, logLevel } from './values.js';

// One line per variable, however long: this is a table.
// prettier-ignore
const http = {
  environment: oneOf('ENVIRONMENT', ['development', 'production'], 'development', 'Safety defaults: `production` refuses missing or weak secrets and unsafe switches'),
  host: str('HOST', '127.0.0.1', 'Address to listen on; anything but loopback opens the gateway to the network'),
  port: int('PORT', 4444, 'Port to listen on; 0 = any free one', { max: 65535 }),
  appName: str('APP_NAME', 'MCP_Gateway', 'Name shown to clients in `serverInfo`'),
  appRootPath: str('APP_ROOT_PATH', '', 'Path prefix behind a reverse proxy, such as `/gateway`', {
    type: 'path',
    check: checkRootPath,
  }),
  publicUrl: url('PUBLIC_URL', '', 'Address under which clients reach the gateway; base of links'),
  trustedProxies: list('TRUSTED_PROXIES', [], 'Proxies that may set forwarded headers', {
    type: 'CIDR list',
    check: checkNetwork,
  }),
  allowedHosts: list('ALLOWED_HOSTS', [], 'Host names that requests may carry; loopback names only when bound to loopback and empty'),
  allowedOrigins: list('ALLOWED_ORIGINS', ['http://localhost', 'http://localhost:4444'], 'Browser origins that may call', { check: checkOrigin }),
  maxRequestSizeBytes: bytes('MAX_REQUEST_SIZE', 4_194_304, 'Largest request body'),
  secretsFile: str('MCPGATEWAY_SECRETS_FILE', './.mcpgateway-secrets.json', 'Where generated secrets are kept, mode 0600', { type: 'path' }),
  instanceCount: int('INSTANCE_COUNT', 1, 'Replicas that share the limits', { min: 1 }),
  shutdownDelayMs: millis('SHUTDOWN_DELAY_MS', 0, 'After SIGTERM: time to be taken out of the balancer before closing'),
  shutdownTimeoutMs: millis('SHUTDOWN_TIMEOUT_MS', 25_000, 'Then: longest wait for requests in flight'),
  securityHeadersEnabled: bool('SECURITY_HEADERS_ENABLED', true, 'Send the security response headers'),
  xFrameOptions: oneOf('X_FRAME_OPTIONS', ['DENY', 'SAMEORIGIN'], 'DENY', 'Value of `X-Frame-Options`'),
  hstsEnabled: bool('HSTS_ENABLED', true, 'Send `Strict-Transport-Security` on https'),
  hstsMaxAgeSeconds: int('HSTS_MAX_AGE', 31_536_000, 'Its `max-age`', { unit: 's' }),
};

// prettier-ignore
const database = {
  databaseUrl: secret('DATABASE_URL', 'sqlite:///./mcp.db', 'Database: `sqlite:///./relative.db`, `sqlite:////absolute.db` or `sqlite::memory:`', { type: 'url', check: checkDatabaseUrl }),
  dbSqliteBusyTimeoutMs: millis('DB_SQLITE_BUSY_TIMEOUT', 5000, 'Wait for a locked SQLite file'),
};

// prettier-ignore
const auth = {
  authRequired: bool('AUTH_REQUIRED', true, 'Refuse callers without credentials'),
  jwtSecretKey: secret('JWT_SECRET_KEY', '', 'Key that signs and checks tokens, at least 32 bytes; generated when empty, required in production'),
  jwtAlgorithm: oneOf('JWT_ALGORITHM', ['HS256'], 'HS256', 'Signature of tokens'),
  jwtAudience: str('JWT_AUDIENCE', 'mcpgateway-api', 'Audience written into tokens and expected in them'),
  jwtIssuer: str('JWT_ISSUER', 'mcpgateway', 'Issuer written into tokens and expected in them'),
  jwtAudienceVerification: bool('JWT_AUDIENCE_VERIFICATION', false, 'Refuse tokens without audience'),
  jwtIssuerVerification: bool('JWT_ISSUER_VERIFICATION', false, 'Refuse tokens without issuer'),
  requireJti: bool('REQUIRE_JTI', false, 'Refuse tokens without id'),
  jwtDefaultRole: oneOf('JWT_DEFAULT_ROLE', ROLES, 'admin', 'Role of a correctly signed token that names none'),
  tokenExpiryMinutes: int('TOKEN_EXPIRY', 10_080, 'Life of created tokens', {
    unit: 'min',
    min: 1,
  }),
  requireTokenExpiration: bool('REQUIRE_TOKEN_EXPIRATION', true, 'Refuse tokens that never expire'),
  basicAuthUser: str('BASIC_AUTH_USER', 'admin', 'Name of the first admin', {
    aliases: ['PLATFORM_ADMIN_EMAIL'],
  }),
  basicAuthPassword: secret('BASIC_AUTH_PASSWORD', '', 'Password of the first admin; generated and printed once when empty', { aliases: ['PLATFORM_ADMIN_PASSWORD'] }),
  apiAllowBasicAuth: bool('API_ALLOW_BASIC_AUTH', false, 'Accept Basic credentials on the API'),
  authEncryptionSecret: list('AUTH_ENCRYPTION_SECRET', [], 'Key of what is stored sealed, at least 32 bytes; several: the first encrypts, all decrypt; generated when empty, required in production', { secret: true }),
  requireStrongSecrets: bool('REQUIRE_STRONG_SECRETS', false, 'Refuse short or well-known secrets on a loopback bind too', { production: true }),
};

// prettier-ignore
const transports = {
  transportType: list('TRANSPORT_TYPE', ['all'], 'Endpoints that are served: `http` is `/rpc`, `streamablehttp` is `/mcp`; the others answer 404', { type: 'list of: all, http, ws, sse, streamablehttp', check: checkTransportFamily }),
  protocolVersion: oneOf('PROTOCOL_VERSION', LEGACY_REVISIONS, LATEST_LEGACY, 'Protocol revision answered to an unknown one'),
  useStatefulSessions: bool('USE_STATEFUL_SESSIONS', true, 'Give Streamable HTTP clients a session'),
  jsonResponseEnabled: bool('JSON_RESPONSE_ENABLED', true, 'Answer JSON where nothing has to be streamed'),
  mcpListPageSize: int('MCP_LIST_PAGE_SIZE', 0, 'Items on a page of an MCP list; 0 = all'),
  mcpListMaxTtlMs: seconds('MCP_LIST_MAX_TTL', 300, 'Longest time that modern clients are told an MCP list is good; shorter where an upstream says so, 0 = never'),
  resourceCacheSize: int('RESOURCE_CACHE_SIZE', 1000, 'Reads of resources that are kept for as long as a modern upstream says they are good; 0 = none'),
  resourceCacheMaxBytes: bytes('RESOURCE_CACHE_MAX_BYTES', 16_777_216, 'Size of all of them'),
  resourceCacheTtlMs: seconds('RESOURCE_CACHE_TTL', 3600, 'Longest time that one is kept; shorter where the upstream says so'),
  sessionTtlMs: seconds('SESSION_TTL', 3600, 'Rest of a session after which its log level, subscriptions and upstream sessions are freed; its id stays good', { min: 1 }),
  mcpMaxSessions: int('MCP_MAX_SESSIONS', 10_000, 'Sessions of one process that hold something beside their id', { min: 1 }),
  streamableHttpMaxEventsPerStream: int('STREAMABLE_HTTP_MAX_EVENTS_PER_STREAM', 100, 'Events of a stream that are kept for a client who comes back; 0 = streams cannot be resumed'),
  sseRetryTimeoutMs: millis('SSE_RETRY_TIMEOUT', 5000, 'Pause that clients are told to make before they come back to a stream'),
  sseKeepaliveEnabled: bool('SSE_KEEPALIVE_ENABLED', true, 'Send comments on event streams that are silent'),
  sseKeepaliveIntervalMs: seconds('SSE_KEEPALIVE_INTERVAL', 30, 'Pause between keep-alive comments', { min: 1 }),
  websocketPingIntervalMs: seconds('WEBSOCKET_PING_INTERVAL', 30, 'Pause between pings on WebSockets, to clients and to gateways; two without answer close one', { min: 1 }),
  mcpgatewayWsQueryToken: bool('MCPGATEWAY_WS_QUERY_TOKEN', false, 'Accept `?token=` on WebSockets; addresses are logged by others on the way'),
  streamQueueMaxBytes: bytes('STREAM_QUEUE_MAX_BYTES', 1_048_576, 'Unread output kept for one stream'),
  stallTimeoutMs: seconds('STALL_TIMEOUT', 300, 'Longest time that a client may take nothing of what waits for it; then its connection is ended. Kernels hold a megabyte, so that slow ones are seen to take something now and then only', { min: 0.1 }),
  maxStreamsPerPrincipal: int('MAX_STREAMS_PER_PRINCIPAL', 100, 'Open streams of one principal, anonymous: of one address', { min: 1 }),
};

// prettier-ignore
const gateways = {
  healthCheckIntervalMs: seconds('HEALTH_CHECK_INTERVAL', 60, 'Pause between checks of a gateway', {
    min: 1,
  }),
  healthCheckTimeoutMs: seconds('HEALTH_CHECK_TIMEOUT', 10, 'Longest check of a gateway', {
    min: 0.1,
  }),
  maxConcurrentHealthChecks: int('MAX_CONCURRENT_HEALTH_CHECKS', 10, 'Checks at the same time', {
    min: 1,
  }),
  unhealthyThreshold: int('UNHEALTHY_THRESHOLD', 3, 'Failed checks in a row before a gateway counts as unreachable; -1 = never', { min: -1 }),
  autoRefreshServers: bool('AUTO_REFRESH_SERVERS', true, 'Read the lists of gateways again from time to time'),
  gatewayAutoRefreshIntervalMs: seconds('GATEWAY_AUTO_REFRESH_INTERVAL', 300, 'Pause between these reads', { min: 1 }),
  gatewayValidationTimeoutMs: seconds('GATEWAY_VALIDATION_TIMEOUT', 10, 'Longest handshake with a gateway', { min: 0.1 }),
  gatewayToolNameSeparator: oneOf('GATEWAY_TOOL_NAME_SEPARATOR', ['-', '--', '_', '__', '.'], '-', 'Between the gateway and the tool in exposed names'),
  federationReexport: bool('FEDERATION_REEXPORT', false, 'Offer to other MCP Gateways also what was learned from third ones; never in a ring'),
  upstreamMaxSessionsPerGateway: int('UPSTREAM_MAX_SESSIONS_PER_GATEWAY', 5000, 'Sessions that calls keep open with one gateway', { min: 1 }),
  upstreamMaxSessionsPerPrincipal: int('UPSTREAM_MAX_SESSIONS_PER_PRINCIPAL', 1000, 'Sessions that the calls of one principal, anonymous: of one address, keep open with all gateways', { min: 1 }),
  oauthClientMetadataUrl: url('OAUTH_CLIENT_METADATA_URL', '', 'Public https address of the client id metadata document, by which authorization servers know the gateway; empty: `/oauth/client-metadata.json` below an https `PUBLIC_URL`'),
  stdioUpstreamsEnabled: bool('STDIO_UPSTREAMS_ENABLED', false, 'Allow gateways that are started as processes'),
  stdioAllowedCommands: list('STDIO_ALLOWED_COMMANDS', [], 'Commands that may be started: absolute paths, with arguments for shells, interpreters and package runners'),
  stdioMaxProcessesPerGateway: int('STDIO_MAX_PROCESSES_PER_GATEWAY', 4, 'Processes of one gateway', { min: 1 }),
  stdioMaxProcesses: int('STDIO_MAX_PROCESSES', 64, 'Processes of all gateways', { min: 1 }),
  stdioIdleTimeoutMs: seconds('STDIO_IDLE_TIMEOUT', 600, 'Rest after which a process is ended; it is started again when it is needed', { min: 1 }),
};

// prettier-ignore
const calls = {
  maxToolCallsPerMinute: int('MAX_TOOL_CALLS_PER_MINUTE', 0, 'Tool calls of one caller in a minute; 0 = no limit', { aliases: ['TOOL_RATE_LIMIT'], unit: '/min' }),
  toolTimeoutMs: seconds('TOOL_TIMEOUT', 60, 'Silence allowed while a call runs; progress resets it', { min: 0.01 }),
  toolMaxDurationMs: seconds('TOOL_MAX_DURATION', 900, 'Longest call in total', { min: 0.01 }),
  toolConcurrentLimit: int('TOOL_CONCURRENT_LIMIT', 100, 'Calls of one tool at the same time; more wait, then 503', { min: 1 }),
  maxInFlightPerSession: int('MAX_IN_FLIGHT_PER_SESSION', 64, 'Open requests of one session; more wait, then 503', { min: 1 }),
  maxInFlightCalls: int('MAX_IN_FLIGHT_CALLS', 1000, 'Calls of the process that go to upstreams; more wait, then 503', { min: 1 }),
  maxParkedCallsPerPrincipal: int('MAX_PARKED_CALLS_PER_PRINCIPAL', 20, 'Calls of one principal that wait for answers to questions of an upstream', { min: 1 }),
  maxParkedCalls: int('MAX_PARKED_CALLS', 1000, 'Such calls of the process', { min: 1 }),
  parkedCallTtlMs: seconds('PARKED_CALL_TTL', 600, 'How long such a call waits for its client', { min: 0.1, max: 600 }),
  parkedResultsMaxBytes: bytes('PARKED_RESULTS_MAX_BYTES', 67_108_864, 'Results of such calls of the process that came while their clients were away'),
  parkedResultsMaxBytesPerPrincipal: bytes('PARKED_RESULTS_MAX_BYTES_PER_PRINCIPAL', 0, 'The same of one principal, anonymous: of one address; 0 = a quarter of that', { min: 0 }),
  upstreamConnectTimeoutMs: seconds('UPSTREAM_CONNECT_TIMEOUT', 3, 'Longest wait for a connection to a gateway', { min: 0.01 }),
  upstreamResponseTimeoutMs: seconds('UPSTREAM_RESPONSE_TIMEOUT', 30, 'Longest read that is no call', { min: 0.01 }),
  circuitBreakerThreshold: int('CIRCUIT_BREAKER_THRESHOLD', 5, 'Failures in a row before a gateway is left alone', { min: 1 }),
  circuitBreakerResetTimeoutMs: seconds('CIRCUIT_BREAKER_RESET_TIMEOUT', 30, 'First pause then, doubled up to 300 s', { min: 0.01 }),
  traceBaggageAllowed: list('TRACE_BAGGAGE_ALLOWED', [], 'Keys of the `baggage` of a trace that go on to upstreams'),
  maxToolRetries: int('MAX_TOOL_RETRIES', 3, 'Retries of a call that has not been sent, or may be repeated', { aliases: ['RETRY_MAX_ATTEMPTS'], max: 20 }),
  retryBaseDelayMs: seconds('RETRY_BASE_DELAY', 1, 'Pause before the first retry, doubled each time'),
  retryMaxDelayMs: seconds('RETRY_MAX_DELAY', 60, 'Longest pause between retries'),
  maxToolResultSizeBytes: bytes('MAX_TOOL_RESULT_SIZE', 10_485_760, 'Largest result of a call, decoded'),
};

// prettier-ignore
const egress = {
  ssrfProtectionEnabled: bool('SSRF_PROTECTION_ENABLED', true, 'Check addresses before, at and after connecting; metadata addresses are refused always'),
  ssrfAllowLocalhost: bool('SSRF_ALLOW_LOCALHOST', true, 'Allow gateways on this machine', {
    production: false,
  }),
  ssrfAllowPrivateNetworks: bool('SSRF_ALLOW_PRIVATE_NETWORKS', true, 'Allow gateways in private networks', { production: false }),
  ssrfAllowedNetworks: list('SSRF_ALLOWED_NETWORKS', [], 'Ranges that are allowed besides public addresses', { type: 'CIDR list', check: checkNetwork }),
  skipSslVerify: bool('SKIP_SSL_VERIFY', false, 'Accept any certificate of a gateway; refused in production'),
};

// prettier-ignore
const watching = {
  callLogRetentionDays: int('CALL_LOG_RETENTION_DAYS', 30, 'Life of the call log; 0 = for ever', {
    unit: 'days',
    max: 36_500,
  }),
  healthDetails: oneOf('HEALTH_DETAILS', ['always', 'auth', 'never'], 'auth', 'Who sees latencies and error texts on `/health`'),
  logLevel: logLevel('LOG_LEVEL', 'info', 'Least severe entry that is written'),
  logFormat: oneOf('LOG_FORMAT', ['json', 'text'], 'json', 'Form of log lines on stdout'),
  accessLog: oneOf('ACCESS_LOG', ['off', 'errors', 'all'], 'errors', 'Requests that get a log line'),
  enableMetrics: bool('ENABLE_METRICS', true, 'Serve `/metrics`'),
  metricsAuthRequired: bool('METRICS_AUTH_REQUIRED', false, 'Ask for credentials on `/metrics`'),
  metricsMaxTools: int('METRICS_MAX_TOOLS', 500, 'Tools with a label of their own; the rest is `__other__`'),
};

/** One chapter: its settings by property name. */
export type Section = readonly [
  title: string,
  settings: Readonly<Record<string, Setting<unknown>>>,
];

/** The chapters of the documentation, in order. */
export const SECTIONS: readonly Section[] = [
  ['Process and HTTP', http],
  ['Database', database],
  ['Authentication', auth],
  ['Transports', transports],
  ['Gateways', gateways],
  ['Calls', calls],
  ['Addresses that may be called', egress],
  ['Health, logs, metrics', watching],
];

/** Every variable that works, by the name of its property. Durations are ms in code. */
export const SETTINGS = {
  ...http,
  ...database,
  ...auth,
  ...transports,
  ...gateways,
  ...calls,
  ...egress,
  ...watching,
};

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The values of all variables, typed by their lines above. */
export type ConfigValues = {
  readonly [K in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[K]>;
};

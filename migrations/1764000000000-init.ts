import type { MigrationInterface, QueryRunner } from 'typeorm';
import { compareCaseSensitively, createTable, kinds, orNull } from './columns.js';

const { id, str, text, time, bool, int, double } = kinds;

const common = {
  id,
  enabled: bool,
  tags: text,
  meta: text,
  createdAt: time,
  createdBy: orNull(str(255)),
  createdFromIp: orNull(str(45)),
  createdVia: orNull(str(16)),
  createdUserAgent: orNull(str(512)),
  updatedAt: time,
  modifiedBy: orNull(str(255)),
  modifiedFromIp: orNull(str(45)),
  modifiedVia: orNull(str(16)),
  modifiedUserAgent: orNull(str(512)),
  importBatchId: orNull(str(36)),
  federationSource: orNull(str(255)),
  version: int,
} as const;

const gateway = {
  ...common,
  name: str(255),
  slug: str(255),
  url: orNull(text),
  description: orNull(text),
  transport: str(16),
  command: orNull(text),
  args: text,
  envSealed: orNull(text),
  cwd: orNull(text),
  authType: str(16),
  authSealed: orNull(text),
  nameMode: str(16),
  sessionMode: str(16),
  asksClient: bool,
  refreshIntervalSeconds: orNull(int),
  timeoutMs: orNull(int),
  maxDurationMs: orNull(int),
  connectTimeoutMs: orNull(int),
  initTimeoutMs: orNull(int),
  maxConcurrency: int,
  capabilities: text,
  serverInfo: orNull(text),
  instructions: orNull(text),
  protocolVersion: orNull(text),
  reachable: bool,
  status: str(16),
  statusMessage: orNull(text),
  lastError: orNull(text),
  lastSeen: orNull(time),
  lastRefreshAt: orNull(time),
  skippedItems: text,
};

const tool = {
  ...common,
  gatewayId: str(36),
  originalName: str(255),
  customName: orNull(str(255)),
  name: str(255),
  integrationType: str(16),
  definition: text,
  displayName: orNull(text),
  title: orNull(text),
  description: orNull(text),
  annotations: orNull(text),
  timeoutMs: orNull(int),
  maxCallsPerMinute: int,
  retryable: bool,
  warnings: text,
};

const resource = {
  ...common,
  gatewayId: str(36),
  name: text,
  uri: text,
  isTemplate: bool,
  mimeType: orNull(text),
  definition: text,
};

const prompt = {
  ...common,
  gatewayId: str(36),
  originalName: str(255),
  customName: orNull(str(255)),
  name: str(255),
  definition: text,
};

const server = {
  ...common,
  name: str(255),
  description: orNull(text),
  icon: orNull(text),
  instructions: orNull(text),
  nameMode: str(16),
  toolIds: text,
  resourceIds: text,
  promptIds: text,
  memberNames: text,
  maxCallsPerMinute: int,
};

const callLog = {
  id,
  at: time,
  principal: str(255),
  client: orNull(text),
  serverId: orNull(str(64)),
  gateway: orNull(str(255)),
  tool: orNull(text),
  method: str(64),
  outcome: str(16),
  durationMs: double,
  requestBytes: int,
  resultBytes: int,
  ip: str(64),
};

export class Init1764000000000 implements MigrationInterface {
  readonly name = 'Init1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await compareCaseSensitively(runner);
    const named = [['name'], ['gatewayId', 'originalName']];
    await createTable(runner, 'gateway', gateway, { unique: [['slug']] });
    await createTable(runner, 'tool', tool, { unique: named });
    await createTable(runner, 'resource', resource, { index: [['gatewayId']] });
    await createTable(runner, 'prompt', prompt, { unique: named });
    await createTable(runner, 'server', server, { unique: [['name']] });
    await createTable(runner, 'call_log', callLog, { index: [['at']] });
    await createTable(runner, 'setting', { id, value: text });
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['setting', 'call_log', 'server', 'prompt', 'resource', 'tool', 'gateway'])
      await runner.dropTable(name);
  }
}

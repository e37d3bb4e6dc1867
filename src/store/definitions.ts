import type { CallRecord } from '../kernel/call-record.js';
import type { Gateway, Prompt, Resource, Server, Tool } from '../kernel/catalog.js';
import type { IdempotentRequest } from '../kernel/idempotent-request.js';
import type { ItemMetrics } from '../kernel/item-metrics.js';
import type { PersonLogin } from '../kernel/person-login.js';
import type { Definition, Field, Identified } from './port.js';

/** A value kept under a name, for what the gateway itself must remember. */
export interface Setting extends Identified {
  readonly value: string;
}

const id36: Field = { kind: 'str', length: 36 };
const str: Field = { kind: 'str' };
const str16: Field = { kind: 'str', length: 16 };
const text: Field = { kind: 'text' };
const json: Field = { kind: 'json' };
const bool: Field = { kind: 'bool' };
const int: Field = { kind: 'int' };
const time: Field = { kind: 'time' };
const orNull = (field: Field): Field => ({ ...field, optional: true });

/** Fields of the five kinds alike: state, tags and the metadata of API.md §7.1. */
const common = {
  enabled: bool,
  tags: json,
  meta: json,
  createdAt: time,
  createdBy: orNull(str),
  createdFromIp: orNull({ kind: 'str', length: 45 }),
  createdVia: orNull(str16),
  createdUserAgent: orNull({ kind: 'str', length: 512 }),
  updatedAt: time,
  modifiedBy: orNull(str),
  modifiedFromIp: orNull({ kind: 'str', length: 45 }),
  modifiedVia: orNull(str16),
  modifiedUserAgent: orNull({ kind: 'str', length: 512 }),
  importBatchId: orNull(id36),
  federationSource: orNull(str),
  version: int,
} as const;

export const GATEWAY: Definition<Gateway> = {
  name: 'gateway',
  fields: {
    ...common,
    name: str,
    slug: str,
    url: orNull(text),
    description: orNull(text),
    transport: str16,
    command: orNull(text),
    args: json,
    envSealed: orNull(text),
    cwd: orNull(text),
    authType: str16,
    authSealed: orNull(text),
    loginSealed: orNull(text),
    needsLogin: bool,
    loginPerUser: bool,
    nameMode: str16,
    sessionMode: str16,
    asksClient: bool,
    refreshIntervalSeconds: orNull(int),
    timeoutMs: orNull(int),
    maxDurationMs: orNull(int),
    connectTimeoutMs: orNull(int),
    initTimeoutMs: orNull(int),
    maxConcurrency: int,
    capabilities: json,
    serverInfo: orNull(json),
    instructions: orNull(text),
    protocolVersion: orNull(text),
    era: orNull(str16),
    eraAt: orNull(time),
    reachable: bool,
    status: str16,
    statusMessage: orNull(text),
    lastError: orNull(text),
    lastSeen: orNull(time),
    lastRefreshAt: orNull(time),
    skippedItems: json,
    listHints: orNull(json),
  },
  unique: [['slug']],
};

export const TOOL: Definition<Tool> = {
  name: 'tool',
  fields: {
    ...common,
    gatewayId: id36,
    originalName: str,
    customName: orNull(str),
    name: str,
    integrationType: str16,
    definition: text,
    displayName: orNull(text),
    title: orNull(text),
    description: orNull(text),
    annotations: orNull(json),
    timeoutMs: orNull(int),
    maxCallsPerMinute: int,
    retryable: bool,
    warnings: json,
  },
  unique: [['name'], ['gatewayId', 'originalName']],
};

export const RESOURCE: Definition<Resource> = {
  name: 'resource',
  fields: {
    ...common,
    gatewayId: id36,
    name: text,
    uri: text,
    isTemplate: bool,
    mimeType: orNull(text),
    definition: text,
  },
  index: [['gatewayId']],
};

export const PROMPT: Definition<Prompt> = {
  name: 'prompt',
  fields: {
    ...common,
    gatewayId: id36,
    originalName: str,
    customName: orNull(str),
    name: str,
    definition: text,
  },
  unique: [['name'], ['gatewayId', 'originalName']],
};

export const SERVER: Definition<Server> = {
  name: 'server',
  fields: {
    ...common,
    name: str,
    description: orNull(text),
    icon: orNull(text),
    instructions: orNull(text),
    nameMode: str16,
    toolIds: json,
    resourceIds: json,
    promptIds: json,
    memberNames: json,
    maxCallsPerMinute: int,
  },
  unique: [['name']],
};

/** Ids of calls sort by time: paging and pruning need no other order. */
export const CALL: Definition<CallRecord> = {
  name: 'call_log',
  fields: {
    at: time,
    principal: str,
    client: orNull(text),
    serverId: orNull({ kind: 'str', length: 64 }),
    gateway: orNull(str),
    tool: orNull(text),
    method: { kind: 'str', length: 64 },
    outcome: str16,
    durationMs: { kind: 'double' },
    requestBytes: int,
    resultBytes: int,
    ip: { kind: 'str', length: 64 },
  },
};

export const ITEM_METRICS: Definition<ItemMetrics> = {
  name: 'item_metrics',
  fields: {
    total: int,
    failed: int,
    minSeconds: { kind: 'double' },
    maxSeconds: { kind: 'double' },
    sumSeconds: { kind: 'double' },
    lastAt: time,
  },
};

export const IDEMPOTENCY: Definition<IdempotentRequest> = {
  name: 'idempotency',
  fields: { holder: id36, requestSealed: text, answerSealed: orNull(text), heldUntil: time },
  index: [['heldUntil']],
};

export const PERSON_LOGIN: Definition<PersonLogin> = {
  name: 'person_login',
  fields: {
    gatewayId: id36,
    principalHash: { kind: 'str', length: 64 },
    loginSealed: text,
    revision: int,
    since: time,
    updatedAt: time,
  },
  index: [['gatewayId'], ['principalHash']],
};

export const SETTING: Definition<Setting> = { name: 'setting', fields: { value: text } };

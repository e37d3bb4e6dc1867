import { IsUUID } from 'class-validator';
import type {
  Gateway,
  GatewayAuthType,
  GatewayTransport,
  JsonObject,
  SessionMode,
} from '../../kernel/catalog.js';
import { parseUuid } from '../../kernel/ids.js';
import type { GatewayFields, GatewayPatch, NewGateway } from '../../registry/discovered.js';
import type { BodySpec } from '../body/body-spec.js';
import {
  Absent,
  AuthHeaders,
  Bool,
  EntityName,
  JsonObjectOf,
  Nullable,
  OneOf,
  rule,
  StringArray,
  StringMap,
  Tags,
  Text,
  Visibility,
  WholeNumber,
} from '../body/rules.js';

const TRANSPORTS: readonly GatewayTransport[] = [
  'STREAMABLEHTTP',
  'SSE',
  'WEBSOCKET',
  'STDIO',
  'AUTO',
];
const AUTH_TYPES: readonly GatewayAuthType[] = [
  'none',
  'basic',
  'bearer',
  'authheaders',
  'query_param',
  'oauth',
];
/** Names that existing clients use for the modes. */
const SESSION_MODES: Readonly<Record<string, SessionMode>> = {
  auto: 'auto',
  shared: 'shared',
  'per-session': 'per-session',
  client: 'per-session',
  'per-principal': 'per-principal',
  user: 'per-principal',
};
const MAX_MS = 86_400_000;

const GatewayMode = (): PropertyDecorator =>
  rule('gatewayMode', (value) => (value === 'cache' ? undefined : 'Only cache is served'));

/** What a request may change of a Gateway (API.md §2.6, auth fields of §2.1). */
export class GatewayBody {
  @Absent() @EntityName() name?: string;
  @Nullable() @Text(2048) url?: string | null;
  @Nullable() @Text(8192) description?: string | null;
  @Absent() @OneOf(TRANSPORTS) transport?: GatewayTransport;
  @Nullable() @Text(4096) command?: string | null;
  @Absent() @StringArray(64) args?: string[];
  @Nullable() @StringMap(100) env?: Record<string, string> | null;
  @Nullable() @Text(4096) cwd?: string | null;
  @Nullable() @OneOf(AUTH_TYPES) authType?: GatewayAuthType | null;
  @Nullable() @Text(8192) authUsername?: string | null;
  @Nullable() @Text(8192) authPassword?: string | null;
  @Nullable() @Text(8192) authToken?: string | null;
  @Nullable() @Text(8192) authHeaderKey?: string | null;
  @Nullable() @Text(8192) authHeaderValue?: string | null;
  @Nullable() @AuthHeaders() authHeaders?: { key: string; value: string }[] | null;
  @Nullable() @Text(8192) authQueryParamKey?: string | null;
  @Nullable() @Text(8192) authQueryParamValue?: string | null;
  @Nullable() @JsonObjectOf(16_384) oauthConfig?: JsonObject | null;
  @Absent() @OneOf(['prefixed', 'original']) nameMode?: Gateway['nameMode'];
  @Absent() @OneOf(Object.keys(SESSION_MODES)) sessionMode?: string;
  @Absent() @Bool() asksClient?: boolean;
  @Nullable() @WholeNumber(60, 31_536_000) refreshIntervalSeconds?: number | null;
  @Nullable() @WholeNumber(1, 900_000) timeoutMs?: number | null;
  @Nullable() @WholeNumber(1, MAX_MS) maxDurationMs?: number | null;
  @Nullable() @WholeNumber(1, MAX_MS) connectTimeoutMs?: number | null;
  @Nullable() @WholeNumber(1, MAX_MS) initTimeoutMs?: number | null;
  @Absent() @WholeNumber(0, 1000) maxConcurrency?: number;
  @Absent() @Tags() tags?: (string | { id: string })[];
  @Absent() @JsonObjectOf(16_384) meta?: JsonObject;
  @Absent() @Visibility() visibility?: string;
  @Absent() @GatewayMode() gatewayMode?: string;
}

/** Besides: what can be chosen only once. */
export class NewGatewayBody extends GatewayBody {
  @Absent() @IsUUID('all', { message: 'Input should be a UUID' }) id?: string;
  @Absent() @Bool() isActive?: boolean;
}

const ALIASES = { _meta: 'meta', extensionMetadata: 'meta' };

export const NEW_GATEWAY: BodySpec<NewGatewayBody> = {
  shape: NewGatewayBody,
  wrapper: 'gateway',
  required: ['name'],
  aliases: ALIASES,
  flatten: ['auth'],
};

export const GATEWAY_PATCH: BodySpec<GatewayBody> = {
  shape: GatewayBody,
  wrapper: 'gateway',
  aliases: ALIASES,
  flatten: ['auth'],
};

type Fields = Pick<GatewayBody, keyof GatewayBody>;

/** What of a checked body the registry takes; its rules judge the values. */
export function toGatewayPatch(body: Fields): GatewayPatch {
  const { visibility: _visibility, gatewayMode: _gatewayMode, sessionMode, ...rest } = body;
  const fields: GatewayFields & { name?: string } = rest;
  return sessionMode === undefined
    ? fields
    : { ...fields, sessionMode: SESSION_MODES[sessionMode] };
}

export function toNewGateway(body: NewGatewayBody): NewGateway {
  const { id, isActive, ...rest } = body;
  return {
    ...toGatewayPatch(rest),
    name: body.name ?? '',
    ...(id === undefined ? {} : { id: parseUuid(id) }),
    ...(isActive === undefined ? {} : { enabled: isActive }),
  };
}

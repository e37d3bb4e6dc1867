import type { Gateway, GatewayTransport } from '../kernel/catalog.js';
import type { GatewayFields } from './discovered.js';
import type { Faults } from './faults.js';
import { toTags } from './tags.js';

type NumberField =
  | 'refreshIntervalSeconds'
  | 'timeoutMs'
  | 'maxDurationMs'
  | 'connectTimeoutMs'
  | 'initTimeoutMs'
  | 'maxConcurrency';

/** Least and greatest value (API.md §2.6). */
const RANGES: Readonly<Record<NumberField, readonly [number, number]>> = {
  refreshIntervalSeconds: [60, 31_536_000],
  timeoutMs: [1, 900_000],
  maxDurationMs: [1, 86_400_000],
  connectTimeoutMs: [1, 900_000],
  initTimeoutMs: [1, 900_000],
  maxConcurrency: [0, 1_000],
};

const PLAIN = [
  'url',
  'description',
  'transport',
  'command',
  'args',
  'cwd',
  'nameMode',
  'sessionMode',
  'asksClient',
  'meta',
  ...(Object.keys(RANGES) as NumberField[]),
] as const satisfies readonly (keyof GatewayFields & keyof Gateway)[];

/** The fields that need neither secret nor policy, over those of `base`; faults are added. */
export function plainFields(base: Gateway, input: GatewayFields, faults: Faults): Partial<Gateway> {
  const fields: Partial<Record<keyof Gateway, unknown>> = {};
  for (const key of PLAIN) if (input[key] !== undefined) fields[key] = input[key];
  for (const [key, range] of Object.entries(RANGES))
    checkRange(key, fields[key as NumberField], range, faults);
  if (fields.maxConcurrency === null) fields.maxConcurrency = 0;
  if (typeof fields.url === 'string') fields.url = fields.url.trim();
  if (input.tags !== undefined) fields.tags = toTags(input.tags, faults);
  checkTexts(input, faults);
  const transport = input.transport ?? impliedTransport(input, base);
  if (transport !== undefined) fields.transport = transport;
  return fields as Partial<Gateway>;
}

/** Without a transport of its own, a command means STDIO, a URL its scheme or finding out. */
function impliedTransport(input: GatewayFields, base: Gateway): GatewayTransport | undefined {
  const { url, command } = input;
  if (typeof command === 'string' && url === undefined) return 'STDIO';
  if (typeof url !== 'string') return undefined;
  if (/^wss?:/i.test(url.trim())) return 'WEBSOCKET';
  return base.transport === 'STDIO' ? 'AUTO' : undefined;
}

function checkRange(
  key: string,
  value: unknown,
  [least, greatest]: readonly [number, number],
  faults: Faults,
): void {
  if (value === undefined || value === null) return;
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= least;
  faults.check(
    fits && value <= greatest,
    `/${key}`,
    `must be a whole number from ${String(least)} to ${String(greatest)}`,
  );
}

function checkTexts(input: GatewayFields, faults: Faults): void {
  faults.check((input.description ?? '').length <= 8192, '/description', 'is longer than 8192');
  faults.check(
    JSON.stringify(input.meta ?? {}).length <= 16_384,
    '/_meta',
    'is larger than 16 KiB',
  );
}

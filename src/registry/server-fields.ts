import type { JsonObject, Server } from '../kernel/catalog.js';
import type { ServerId } from '../kernel/ids.js';
import { isDisplayName } from '../kernel/names.js';
import { Faults } from './faults.js';
import { type TagInput, toTags } from './tags.js';

/** Names, ids or URIs of members. */
export interface MemberReferences {
  readonly associatedTools?: readonly string[] | undefined;
  readonly associatedResources?: readonly string[] | undefined;
  readonly associatedPrompts?: readonly string[] | undefined;
}

export interface ServerPatch extends MemberReferences {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly icon?: string | null | undefined;
  readonly instructions?: string | null | undefined;
  readonly nameMode?: Server['nameMode'] | undefined;
  readonly maxCallsPerMinute?: number | undefined;
  readonly tags?: TagInput | undefined;
  readonly meta?: JsonObject | undefined;
}

export interface NewServer extends ServerPatch {
  readonly id?: ServerId | undefined;
  readonly name: string;
  readonly enabled?: boolean | undefined;
}

const ICON = /^(?:https:\/\/|data:image\/[a-z0-9.+-]+[;,])/i;

/** The plain fields after a request. @throws GatewayError `validation_failed` */
export function checkedServer(base: Server, input: ServerPatch): Partial<Server> {
  const faults = new Faults();
  const name = input.name?.trim() ?? base.name;
  faults.check(isDisplayName(name), '/name', 'must be 1 to 255 characters without < > or controls');
  checkTexts(input, faults);
  const limit = input.maxCallsPerMinute ?? base.maxCallsPerMinute;
  faults.check(Number.isInteger(limit) && limit >= 0, '/maxCallsPerMinute', 'must be 0 or more');
  const tags = input.tags ? toTags(input.tags, faults) : base.tags;
  faults.throwIfAny();
  return {
    name,
    tags,
    maxCallsPerMinute: limit,
    description: sent(input.description, base.description),
    icon: sent(input.icon, base.icon),
    instructions: sent(input.instructions, base.instructions),
    nameMode: sent(input.nameMode, base.nameMode),
    meta: sent(input.meta, base.meta),
  };
}

function sent<T>(value: T | undefined, before: T): T {
  return value === undefined ? before : value;
}

function checkTexts(input: ServerPatch, faults: Faults): void {
  const icon = input.icon ?? null;
  faults.check((input.description ?? '').length <= 8192, '/description', 'is longer than 8192');
  faults.check((input.instructions ?? '').length <= 8192, '/instructions', 'is longer than 8192');
  faults.check(
    icon === null || (ICON.test(icon) && icon.length <= 65_536),
    '/icon',
    'must be an https or data URL of an image of at most 64 KiB',
  );
  faults.check(
    JSON.stringify(input.meta ?? {}).length <= 16_384,
    '/_meta',
    'is larger than 16 KiB',
  );
}

import { IsUUID } from 'class-validator';
import type { JsonObject, Server } from '../../kernel/catalog.js';
import type { BodySpec } from '../body/body-spec.js';
import {
  Absent,
  Bool,
  EntityName,
  JsonObjectOf,
  Nullable,
  OneOf,
  rule,
  StringList,
  Tags,
  Text,
  Visibility,
  WholeNumber,
} from '../body/rules.js';

const MAX_ICON_CHARS = 65_536 * 2;
const MAX_MEMBERS = 10_000;

const Icon = (): PropertyDecorator =>
  rule('icon', (value) => {
    if (typeof value !== 'string' || value.length > MAX_ICON_CHARS)
      return 'Icon must be an https URL or a data URL of an image of at most 64 KiB';
    if (/^data:image\/[a-z0-9.+-]+[;,]/i.test(value)) return undefined;
    return URL.canParse(value) && new URL(value).protocol === 'https:'
      ? undefined
      : 'Icon must be an https URL or a data URL of an image of at most 64 KiB';
  });

/** What a request may change of a Server (API.md §2.5). */
export class ServerBody {
  @Absent() @EntityName() name?: string;
  @Nullable() @Text(8192) description?: string | null;
  @Nullable() @Icon() icon?: string | null;
  @Nullable() @Text(8192) instructions?: string | null;
  @Nullable() @StringList(MAX_MEMBERS) associatedTools?: string | string[] | null;
  @Nullable() @StringList(MAX_MEMBERS) associatedResources?: string | string[] | null;
  @Nullable() @StringList(MAX_MEMBERS) associatedPrompts?: string | string[] | null;
  @Absent() @OneOf(['gateway', 'original', 'prefixed']) nameMode?: Server['nameMode'];
  @Absent() @WholeNumber(0, 1_000_000) maxCallsPerMinute?: number;
  @Absent() @Tags() tags?: (string | { id: string })[];
  @Absent() @JsonObjectOf(16_384) meta?: JsonObject;
  @Absent() @Visibility() visibility?: string;
}

export class NewServerBody extends ServerBody {
  @Absent() @IsUUID('all', { message: 'Input should be a UUID' }) id?: string;
  @Absent() @Bool() isActive?: boolean;
}

const ALIASES = { _meta: 'meta', extensionMetadata: 'meta' };

export const NEW_SERVER: BodySpec<NewServerBody> = {
  shape: NewServerBody,
  wrapper: 'server',
  required: ['name'],
  aliases: ALIASES,
};

export const SERVER_PATCH: BodySpec<ServerBody> = {
  shape: ServerBody,
  wrapper: 'server',
  aliases: ALIASES,
};

/** An array, or one comma-separated string; `null` empties. */
export function membersOf(value: string | readonly string[] | null): string[] {
  const items = typeof value === 'string' ? value.split(',') : (value ?? []);
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

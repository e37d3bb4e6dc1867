import type { JsonObject, Prompt } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { pointerToken } from '../../kernel/json-pointer.js';
import type { BodySpec } from '../body/body-spec.js';
import { validationFailed } from '../body/read-fields.js';
import { Absent, JsonObjectOf, Nullable, Text, WholeNumber } from '../body/rules.js';
import { Query } from '../query.js';

const MAX_ARGUMENT_BYTES = 1_048_576;
const MAX_VERSION = 999_999_999;
/** The one label that every prompt has (API.md §2.4). */
const LATEST = 'latest';

/** Which version of a prompt is to be rendered; neither = the newest. */
export interface WantedVersion {
  readonly version?: number | null;
  readonly label?: string | null;
}

/** Body of `POST /prompts/{id}/render`. */
export class RenderBody implements WantedVersion {
  @Absent() @JsonObjectOf(MAX_ARGUMENT_BYTES) arguments?: JsonObject;
  @Nullable() @WholeNumber(1, MAX_VERSION) version?: number | null;
  @Nullable() @Text(64) label?: string | null;
}

export const RENDER: BodySpec<RenderBody> = { shape: RenderBody };

/** `?version=` and `?label=`. @throws GatewayError `validation_failed` */
export function wantedVersion(parameters: Readonly<Record<string, unknown>>): WantedVersion {
  const query = new Query(parameters);
  const version = query.whole('version', 1, MAX_VERSION) ?? null;
  const label = query.text('label') ?? null;
  query.check();
  return { version, label };
}

/**
 * The upstream of a federated prompt renders what it has, so only the newest version can be had.
 * @throws GatewayError `prompt_version_not_found`
 */
export function requireNewest({ name, version }: Prompt, wanted: WantedVersion): void {
  const number = wanted.version ?? version;
  if (number !== version)
    throw new GatewayError('prompt_version_not_found', { name, version: String(number) });
  const label = wanted.label ?? LATEST;
  if (label !== LATEST)
    throw new GatewayError('prompt_version_not_found', { name, version: label });
}

/**
 * Arguments as MCP has them: strings. Numbers and booleans become their JSON text (API.md §2.4).
 * @throws GatewayError `validation_failed`
 */
export function promptArguments(given: JsonObject): JsonObject {
  const entries = Object.entries(given);
  const faults = entries
    .filter(([, value]) => typeof value === 'object')
    .map(([key]) => ({
      pointer: `/${pointerToken(key)}`,
      detail: `Argument '${key}' should be a string, a number or a boolean`,
      type: 'string_type',
    }));
  if (faults.length > 0) throw validationFailed(faults);
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : JSON.stringify(value);
  return Object.fromEntries(entries.map(([key, value]) => [key, text(value)]));
}

import type { JsonObject } from '../../kernel/catalog.js';
import type { BodySpec } from '../body/body-spec.js';
import {
  Absent,
  Bool,
  JsonObjectOf,
  Nullable,
  rule,
  Tags,
  Text,
  Visibility,
  WholeNumber,
} from '../body/rules.js';

/** Fields of a tool that its upstream owns. */
const Upstreams = (): PropertyDecorator =>
  rule('readOnly', () => 'Cannot be changed: the tool comes from a gateway');

const CustomName = (): PropertyDecorator =>
  rule('name', (value) =>
    typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,127}$/.test(value)
      ? undefined
      : 'Tool name must be 1 to 128 of: letters, digits, _ . / -',
  );

/** What of a federated Tool can be changed (API.md §2.1), and what is refused aloud. */
export class ToolBody {
  @Absent() @CustomName() name?: string;
  @Nullable() @CustomName() customName?: string | null;
  @Nullable() @Text(255) displayName?: string | null;
  @Nullable() @Text(255) title?: string | null;
  @Nullable() @Text(8192) description?: string | null;
  @Nullable() @JsonObjectOf(16_384) annotations?: JsonObject | null;
  @Nullable() @WholeNumber(1, 900_000) timeoutMs?: number | null;
  @Absent() @WholeNumber(0, 1_000_000) maxCallsPerMinute?: number;
  @Absent() @Bool() retryable?: boolean;
  @Absent() @Tags() tags?: (string | { id: string })[];
  @Absent() @JsonObjectOf(16_384) meta?: JsonObject;
  @Absent() @Visibility() visibility?: string;
  @Absent() @Upstreams() url?: unknown;
  @Absent() @Upstreams() headers?: unknown;
  @Absent() @Upstreams() inputSchema?: unknown;
  @Absent() @Upstreams() outputSchema?: unknown;
  @Absent() @Upstreams() jsonpathFilter?: unknown;
  @Absent() @Upstreams() command?: unknown;
  @Absent() @Upstreams() args?: unknown;
  @Absent() @Upstreams() env?: unknown;
  @Absent() @Upstreams() authType?: unknown;
}

export const TOOL_PATCH: BodySpec<ToolBody> = {
  shape: ToolBody,
  wrapper: 'tool',
  aliases: { _meta: 'meta', extensionMetadata: 'meta', rateLimit: 'maxCallsPerMinute' },
};

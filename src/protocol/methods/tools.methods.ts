import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import type { Gateway } from '../../kernel/catalog.js';
import { offersTasks } from '../../kernel/core-tasks.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Members } from '../../kernel/json-members.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import { failedTool } from '../../kernel/own-result.js';
import { type HeaderRecord, paramMismatch } from '../../kernel/mirrored-headers.js';
import type { Trail } from '../../audit/trail.js';
import { Limiter } from '../../limits/limiter.js';
import { requireAllowed } from '../../limits/refusal.js';
import type { ToolEntry } from '../../registry/entries.js';
import type { Faults } from '../../registry/schema/argument-schema.js';
import { MirroredArguments } from '../../registry/mirrored-arguments.service.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { OwnResults } from '../era/own-results.js';
import type { Handlers } from './registry.js';
import { Lists } from './lists.js';
import { UpwardCalls } from './upward.js';

/** What the gateway writes anew; answers and state belong to a leg, not to the call. */
const REPLACED_BUT_TASK = ['name', '_meta', 'inputResponses', 'requestState'];
const REPLACED = [...REPLACED_BUT_TASK, 'task'];
const RESERVED = [...REPLACED, 'arguments'];
const MAX_ARGUMENT_BYTES = 1_048_576;

@Injectable()
export class ToolsMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly upward: UpwardCalls,
    private readonly lists: Lists,
    private readonly limiter: Limiter,
    private readonly own: OwnResults,
    private readonly mirrored: MirroredArguments,
  ) {}

  handlers(): Handlers {
    return {
      'tools/list': (call) => this.lists.answer(call, isWide(call) ? 'wideTools' : 'tools'),
      'tools/call': (call, trail) => this.call(call, trail),
    };
  }

  private call(call: Call, trail: Trail): Promise<string> | string {
    const params = call.message.params;
    const name = params?.string('name');
    if (params === null || name === undefined)
      throw new GatewayError('missing_parameter', { what: 'tool name' });
    const entry = this.catalog.view(call.caller, call.serverId).tool(name);
    const { tool, gateway } = entry;
    trail.target = {
      kind: 'tool',
      id: tool.id,
      gatewayId: gateway.id,
      tool: tool.name,
      gateway: gateway.name,
      gatewaySlug: gateway.slug,
      server: call.serverId,
      upstreamName: tool.originalName,
    };
    if (call.mirrored !== null) this.checkHeaders(call, entry, call.mirrored);
    const faults = checkArguments(entry, params.raw('arguments'));
    return faults instanceof Promise
      ? this.callAfter(call, entry, faults)
      : this.proceed(call, entry, faults);
  }

  /** What the schema marks must stand in the head as in the body (PROTOCOL.md §2.6). */
  private checkHeaders(call: Call, { tool, gateway }: ToolEntry, headers: HeaderRecord): void {
    let params = this.mirrored.of(gateway.id, tool.originalName);
    // `/rpc` clients need not repeat anything, but what they repeat must be true.
    if (call.channel.transport === 'rpc') params = params.filter(({ key }) => key in headers);
    if (params.length === 0) return;
    const raw = call.message.params?.raw('arguments');
    const reason = paramMismatch(params, raw === undefined ? {} : JSON.parse(raw), headers);
    if (reason !== null) throw new GatewayError('header_mismatch', { reason });
  }

  /** Large schemas and arguments are checked off the loop. */
  private async callAfter(call: Call, entry: ToolEntry, faults: Promise<Faults>): Promise<string> {
    return this.proceed(call, entry, await faults);
  }

  private proceed(call: Call, entry: ToolEntry, faults: Faults): Promise<string> | string {
    if (faults.length > 0) return this.own.dress(call, refusal(call, faults));
    const { tool, gateway } = entry;
    const params = call.message.params as Members;
    if (tool.maxCallsPerMinute > 0)
      requireAllowed(this.limiter.takeOf('tool', tool.id, tool.maxCallsPerMinute));
    const begins = beginsTask(call, gateway);
    const rest = params.rest(begins ? REPLACED_BUT_TASK : REPLACED, RESERVED);
    const own = `"name":${JSON.stringify(tool.originalName)}`;
    return this.upward.send(call, {
      gateway,
      kind: 'Tool',
      name: entry.shownName,
      toolId: tool.id,
      target: tool.originalName,
      definition: tool.definition,
      params: rest === '' ? own : `${own},${rest}`,
      timeoutMs: tool.timeoutMs,
      isRetryable: tool.retryable,
      uris: entry.uris,
      task: begins ? 'begin' : entry.isTaskOnly() ? 'follow' : null,
    });
  }
}

/**
 * Whether the client begins a task that it follows itself; where nobody runs tasks the wish for one is
 * ignored (25 Tasks §Capability Negotiation).
 * @throws GatewayError `invalid_params`
 */
function beginsTask({ client, message }: Call, gateway: Gateway): boolean {
  const task = message.params?.raw('task');
  if (task === undefined || client.revision !== LATEST_LEGACY || !offersTasks(gateway))
    return false;
  if (task.startsWith('{')) return true;
  throw new GatewayError('invalid_params', { reason: "'task' must be an object" });
}

function checkArguments(entry: ToolEntry, raw: string | undefined): Faults | Promise<Faults> {
  if (raw !== undefined && !raw.startsWith('{'))
    return [{ pointer: '', detail: 'arguments must be an object', type: 'type' }];
  if (raw !== undefined && raw.length > MAX_ARGUMENT_BYTES)
    return [
      { pointer: '', detail: `arguments are larger than ${String(MAX_ARGUMENT_BYTES)} bytes` },
    ];
  return entry.schema().check(raw);
}

/**
 * Arguments that do not fit: a tool error from 2025-11-25 on (SEP-1303), `-32602` before and on `/rpc`.
 * @returns members of the result as text
 */
function refusal(call: Call, faults: Faults): string {
  const error = new GatewayError(
    'invalid_arguments',
    { reason: faults.map((f) => `${f.pointer || '/'}: ${f.detail}`).join('; ') },
    { errors: faults },
  );
  const { era, revision } = call.client;
  if (era === 'legacy' && (call.channel.transport === 'rpc' || revision !== LATEST_LEGACY))
    throw error;
  return failedTool(error.message);
}

/** Who speaks the plain words of older gateways is shown what they showed (API.md §3.3). */
function isWide({ channel, client }: Call): boolean {
  return channel.transport === 'rpc' && client.era === 'legacy';
}

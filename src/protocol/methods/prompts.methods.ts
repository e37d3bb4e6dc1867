import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import type { Gateway } from '../../kernel/catalog.js';
import { RELAYED, scanElements, scanJson } from '../../kernel/json-scan.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { RPC_CODE } from '../../kernel/mcp.js';
import { requirePermission } from '../../auth/access.js';
import type { Trail } from '../../audit/trail.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { OwnResults } from '../era/own-results.js';
import { Lists } from './lists.js';
import type { Handlers } from './registry.js';
import { UpwardCalls } from './upward.js';

const NOTHING_TO_OFFER = '"completion":{"values":[],"total":0,"hasMore":false}';

/** What the gateway writes anew; answers and state belong to a leg, not to the call. */
const REPLACED = ['name', '_meta', 'inputResponses', 'requestState'];
const RESERVED = [...REPLACED, 'arguments'];
const REPLACED_IN_COMPLETION = ['ref', '_meta'];
const RESERVED_IN_COMPLETION = ['ref', '_meta', 'argument', 'context'];
const WITHOUT_CONTEXT = ['ref', '_meta', 'context'];
/** The first revision whose completion takes a context. */
const CONTEXT_SINCE = '2025-06-18';

@Injectable()
export class PromptsMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly upward: UpwardCalls,
    private readonly lists: Lists,
    private readonly own: OwnResults,
  ) {}

  handlers(): Handlers {
    return {
      'prompts/list': (call) => this.lists.answer(call, 'prompts'),
      'prompts/get': (call, trail) => this.get(call, trail),
      'completion/complete': (call) => this.complete(call),
    };
  }

  private get(call: Call, trail: Trail): Promise<string> {
    const params = call.message.params;
    const name = params?.string('name');
    if (params === null || name === undefined)
      throw new GatewayError('missing_parameter', { what: 'prompt name' });
    const { prompt, gateway, shownName, uris } = this.catalog
      .view(call.caller, call.serverId)
      .prompt(name);
    trail.target = {
      kind: 'prompt',
      id: prompt.id,
      gatewayId: gateway.id,
      tool: prompt.name,
      gateway: gateway.name,
      gatewaySlug: gateway.slug,
      server: call.serverId,
      upstreamName: prompt.originalName,
    };
    requireArguments(prompt.definition, params.raw('arguments'));
    const rest = params.rest(REPLACED, RESERVED);
    const own = `"name":${JSON.stringify(prompt.originalName)}`;
    return this.upward.send(call, {
      gateway,
      kind: 'Prompt',
      name: shownName,
      target: prompt.originalName,
      params: rest === '' ? own : `${own},${rest}`,
      uris,
    });
  }

  /** Completion of a prompt argument or a template variable: relayed under the upstream's own name. */
  private complete(call: Call): Promise<string> | string {
    const params = call.message.params;
    const ref = params?.raw('ref');
    if (params === null || ref?.startsWith('{') !== true)
      throw new GatewayError('missing_parameter', { what: 'ref' });
    if (params.raw('argument')?.startsWith('{') !== true)
      throw new GatewayError('missing_parameter', { what: 'argument' });
    const members = scanJson(ref).top;
    const target = this.target(call, members.string('type'), members);
    const offer = offerOf(target.gateway);
    if (offer === 'none') return this.own.dress(call, NOTHING_TO_OFFER);
    const replaced = takesContext(call, target.gateway) ? REPLACED_IN_COMPLETION : WITHOUT_CONTEXT;
    const answer = this.upward.send(call, {
      gateway: target.gateway,
      kind: target.kind,
      name: target.name,
      params: `"ref":${target.ref},${params.rest(replaced, RESERVED_IN_COMPLETION)}`,
    });
    return offer === 'announced' ? answer : answer.catch((e: unknown) => this.unoffered(call, e));
  }

  private unoffered(call: Call, error: unknown): string {
    if (!(error instanceof UpstreamRpcError) || error.code !== RPC_CODE.methodNotFound) throw error;
    return this.own.dress(call, NOTHING_TO_OFFER);
  }

  private target(
    call: Call,
    type: string | undefined,
    ref: ReturnType<typeof scanJson>['top'],
  ): {
    gateway: ReturnType<ReturnType<CatalogService['view']>['prompt']>['gateway'];
    kind: 'Prompt' | 'Resource';
    name: string;
    ref: string;
  } {
    const view = this.catalog.view(call.caller, call.serverId);
    if (type === 'ref/prompt') {
      const name = ref.string('name');
      if (name === undefined) throw new GatewayError('missing_parameter', { what: 'prompt name' });
      const { prompt, gateway } = view.prompt(name);
      const own = JSON.stringify(prompt.originalName);
      return { gateway, kind: 'Prompt', name, ref: `{"type":"ref/prompt","name":${own}}` };
    }
    if (type !== 'ref/resource')
      throw new GatewayError('invalid_params', {
        reason: "ref.type must be 'ref/prompt' or 'ref/resource'",
      });
    requirePermission(call.caller, 'resources.read');
    const uri = ref.string('uri');
    if (uri === undefined) throw new GatewayError('missing_parameter', { what: 'resource URI' });
    const { gateway, resource } = view.template(uri);
    const own = JSON.stringify(resource.uri);
    return { gateway, kind: 'Resource', name: uri, ref: `{"type":"ref/resource","uri":${own}}` };
  }
}

/** In 2024-11-05 a server that completes had no way to say so: it has to be asked. */
function offerOf({ capabilities, protocolVersion }: Gateway): 'announced' | 'unknown' | 'none' {
  if (capabilities['completions'] !== undefined) return 'announced';
  return protocolVersion === '2024-11-05' ? 'unknown' : 'none';
}

function takesContext({ client }: Call, { protocolVersion }: Gateway): boolean {
  return client.revision >= CONTEXT_SINCE && (protocolVersion ?? CONTEXT_SINCE) >= CONTEXT_SINCE;
}

/** @throws GatewayError `missing_parameter` naming what the prompt needs and the caller left out */
function requireArguments(definition: string, raw: string | undefined): void {
  if (raw !== undefined && !raw.startsWith('{'))
    throw new GatewayError('invalid_params', { reason: 'arguments must be an object' });
  const declared = scanJson(definition, RELAYED).top.raw('arguments');
  if (declared?.startsWith('[') !== true) return;
  const given = raw === undefined ? undefined : scanJson(raw, RELAYED).top;
  for (const text of scanElements(declared, RELAYED)) {
    const { kind, top } = scanJson(text, RELAYED);
    const name = kind === 'object' ? top.string('name') : undefined;
    if (name === undefined || top.raw('required') !== 'true') continue;
    if (given?.has(name) !== true)
      throw new GatewayError('missing_parameter', { what: `prompt argument '${name}'` });
  }
}

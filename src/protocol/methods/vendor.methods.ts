import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { UpstreamRpcError } from '../../kernel/jsonrpc.js';
import { RPC_CODE } from '../../kernel/mcp.js';
import { declaresMethod, isVendorMethod } from '../../kernel/vendor-methods.js';
import type { Trail } from '../../audit/trail.js';
import { isAvailable } from '../../registry/available.js';
import { CatalogService } from '../../registry/catalog.service.js';
import type { Method } from './method-table.js';
import { METHODS, type MethodPolicy } from './registry.js';
import { UpwardCalls } from './upward.js';

/** They may do anything, so they are held to what holds for calls of tools. */
const POLICY: MethodPolicy = METHODS['tools/call'];
const CLAIM = ['_meta'];
/** A legacy upstream knows of no rounds. */
const CLAIM_AND_ROUND = ['_meta', 'inputResponses', 'requestState'];

/** Methods that the gateway does not know: whoever has one upstream has its methods too (PROTOCOL.md §5.1). */
@Injectable()
export class VendorMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly upward: UpwardCalls,
  ) {}

  /** @throws GatewayError `method_not_found` */
  methodOf(call: Call): Method {
    const { method } = call.message;
    const gateway = isVendor(method) ? this.gatewayFor(call) : undefined;
    if (gateway === undefined) throw new GatewayError('method_not_found', { method });
    return { ...POLICY, handler: (c, trail) => this.relay(c, trail, gateway) };
  }

  /** With several nothing says whose method it is. */
  private gatewayFor({ caller, client, message, serverId }: Call): Gateway | undefined {
    // A credential for some tools is none for whatever else their upstream can do.
    if ((caller.scopes?.tools ?? []).length > 0) return undefined;
    const { gateways } = this.catalog.view(caller, serverId);
    const [only] = gateways;
    if (only === undefined || gateways.length > 1) return undefined;
    const isModern = client.era === 'modern' && only.era === 'modern';
    // Old servers do not all refuse what they do not know: they are asked for what they announce.
    return isModern || declaresMethod(only, message.method) ? only : undefined;
  }

  private async relay(call: Call, trail: Trail, gateway: Gateway): Promise<string> {
    const { method, params } = call.message;
    trail.target = {
      kind: 'method',
      id: method,
      gatewayId: gateway.id,
      tool: method,
      gateway: gateway.name,
      gatewaySlug: gateway.slug,
      server: call.serverId,
      upstreamName: method,
    };
    if (!isAvailable(gateway))
      throw new GatewayError('upstream_unavailable', { kind: 'Method', name: method });
    const replaced = gateway.era === 'modern' ? CLAIM : CLAIM_AND_ROUND;
    try {
      return await this.upward.send(call, {
        gateway,
        kind: 'Method',
        name: method,
        params: params?.rest(replaced, replaced) ?? '',
      });
    } catch (e) {
      if (e instanceof UpstreamRpcError && e.code === RPC_CODE.methodNotFound)
        throw new GatewayError('method_not_found', { method }, { cause: e });
      throw e;
    }
  }
}

function isVendor(method: string): boolean {
  return isVendorMethod(method) && !Object.hasOwn(METHODS, method);
}

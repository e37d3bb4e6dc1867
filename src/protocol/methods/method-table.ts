import { Injectable } from '@nestjs/common';
import type { TransportKind } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { GatewaysMethods } from './gateways.methods.js';
import { PromptsMethods } from './prompts.methods.js';
import { type Handler, METHODS, type MethodName, type MethodPolicy } from './registry.js';
import { ResourcesMethods } from './resources.methods.js';
import { SessionMethods } from './session.methods.js';
import { ToolsMethods } from './tools.methods.js';

export interface Method extends MethodPolicy {
  readonly handler: Handler;
}

/** Method name → policy and handler. A method without both stops the start (SECURITY.md B2). */
@Injectable()
export class MethodTable {
  private readonly methods = new Map<string, Method>();

  constructor(
    session: SessionMethods,
    tools: ToolsMethods,
    resources: ResourcesMethods,
    prompts: PromptsMethods,
    gateways: GatewaysMethods,
  ) {
    for (const group of [session, tools, resources, prompts, gateways])
      for (const [name, handler] of Object.entries(group.handlers()))
        this.methods.set(name, { ...METHODS[name as MethodName], handler });
    for (const name of Object.keys(METHODS))
      if (!this.methods.has(name)) throw new Error(`no handler for method ${name}`);
  }

  has(name: string): boolean {
    return this.methods.has(name);
  }

  /** @throws GatewayError `method_not_found` */
  get(name: string, transport: TransportKind): Method {
    const method = this.methods.get(name);
    if (method === undefined || (method.only !== undefined && method.only !== transport))
      throw new GatewayError('method_not_found', { method: name });
    return method;
  }
}

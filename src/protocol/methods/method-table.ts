import { Injectable } from '@nestjs/common';
import type { TransportKind } from '../../kernel/call.js';
import { GatewaysMethods } from './gateways.methods.js';
import type { Era } from '../../kernel/mcp.js';
import { ModernMethods } from './modern.methods.js';
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
  private readonly methods: Readonly<Record<Era, Map<string, Method>>> = {
    legacy: new Map(),
    modern: new Map(),
  };

  constructor(
    session: SessionMethods,
    tools: ToolsMethods,
    resources: ResourcesMethods,
    prompts: PromptsMethods,
    gateways: GatewaysMethods,
    modern: ModernMethods,
  ) {
    for (const group of [session, tools, resources, prompts, gateways, modern])
      for (const [name, handler] of Object.entries(group.handlers()))
        this.add(name as MethodName, handler);
    for (const name of Object.keys(METHODS))
      if (!this.has(name)) throw new Error(`no handler for method ${name}`);
  }

  private add(name: MethodName, handler: Handler): void {
    const policy: MethodPolicy = METHODS[name];
    if (policy.era !== 'modern') this.methods.legacy.set(name, { ...policy, handler });
    if (policy.era !== 'legacy') this.methods.modern.set(name, { ...policy, handler });
  }

  /** Whether a method of either era has that name. */
  has(name: string): boolean {
    return this.methods.legacy.has(name) || this.methods.modern.has(name);
  }

  /** The method for clients of an era on a transport; `undefined` when they have none of that name. */
  find(name: string, era: Era, transport: TransportKind): Method | undefined {
    const method = this.methods[era].get(name);
    return method?.only !== undefined && method.only !== transport ? undefined : method;
  }
}
